{# Row generators and order-free aggregates. #}

{% macro int_series(n) -%}
    {%- if target.type == 'postgres' -%} select series.n from generate_series(0, {{ n }} - 1) as series (n)
    {%- else -%} select explode(sequence(0, {{ n }} - 1)) as n
    {%- endif -%}
{%- endmacro %}

{% macro median(e) -%}
    {%- if target.type == 'postgres' -%} percentile_cont(0.5) within group (order by cast({{ e }} as {{ t_double() }}))
    {%- else -%} percentile(cast({{ e }} as double), 0.5)
    {%- endif -%}
{%- endmacro %}

{# Before the parenthesis of a CTE: compute it first and once, whatever reads it. For what cuts the
   work down, where the planner cannot know how far. #}
{% macro once() -%}
    {%- if target.type == 'postgres' -%} materialized {% endif -%}
{%- endmacro %}
