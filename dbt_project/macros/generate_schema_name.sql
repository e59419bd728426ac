{# Schemas are named as declared; the dev target keeps a developer's builds apart by a prefix. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set name = (custom_schema_name or target.schema) | trim -%}
    {{ target.schema ~ '_' ~ name if target.name == 'dev' else name }}
{%- endmacro %}
