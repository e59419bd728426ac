{# A column that stays null unless the right to see it is there; a missing right hides. #}
{% macro reveal_when(column, right) -%}
    case when {{ right }} then {{ column }} end
{%- endmacro %}
