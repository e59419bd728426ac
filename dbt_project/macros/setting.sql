{# A line of seeds/rules/settings.csv as a number or as text. #}
{% macro setting(name) -%}
    (select max({{ to_number('settings.value') }}) from {{ ref('settings') }} as settings where settings.setting = '{{ name }}')
{%- endmacro %}

{% macro setting_text(name) -%}
    (select max(settings.value) from {{ ref('settings') }} as settings where settings.setting = '{{ name }}')
{%- endmacro %}
