{# A line of seeds/rules/settings.csv as a number or as text. #}
{% macro setting(name) -%}
    (select max(cast(settings.value as {{ t_ratio() }})) from {{ ref('settings') }} as settings where settings.setting = '{{ name }}')
{%- endmacro %}

{% macro setting_text(name) -%}
    (select max(settings.value) from {{ ref('settings') }} as settings where settings.setting = '{{ name }}')
{%- endmacro %}
