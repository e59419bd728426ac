{# After a build: statistics for whoever joins this table next. Autovacuum gathers them too, but
   minutes later, and until then the planner takes a new table for nearly empty. Views have none. #}
{% macro analyzed() -%}
    {%- if target.type == 'postgres' and model.config.materialized in ('table', 'incremental') -%}
        analyze {{ this }}
    {%- endif -%}
{%- endmacro %}
