{# A personal value, only while its purpose is granted. #}
{% macro reveal_if_granted(column, consent) -%}
    case when {{ consent }} = 'granted' then {{ column }} end
{%- endmacro %}
