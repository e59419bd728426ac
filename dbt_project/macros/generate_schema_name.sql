{# Schemas are named as declared; what the dev target builds stands apart, all in one schema. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set name = (custom_schema_name or target.schema) | trim -%}
    {{ target.schema if target.name == 'dev' else name }}
{%- endmacro %}
