{# A line of seeds/rules/settings.csv as a number or as text. #}
{% macro setting(name) -%}
    (select max({{ to_number('value') }}) from {{ ref('settings') }} where setting = '{{ name }}')
{%- endmacro %}

{% macro setting_text(name) -%}
    (select max(value) from {{ ref('settings') }} where setting = '{{ name }}')
{%- endmacro %}
