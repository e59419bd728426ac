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

{# At least the rows of each group that come first in an order, n of them; rank what this returns. On
   PostgreSQL by a heap of n rows a group, where a window would sort them all. #}
{% macro first_of_each(relation, group_column, order, n) -%}
    {%- if target.type == 'postgres' -%}
    select firsts.*
    from (select distinct {{ group_column }} from {{ relation }}) as listed
    cross join lateral (
        select * from {{ relation }}
        where {{ relation }}.{{ group_column }} = listed.{{ group_column }}
        order by {{ order }}
        limit {{ n }}
    ) as firsts
    {%- else -%} select * from {{ relation }}
    {%- endif -%}
{%- endmacro %}

{# Whether a value is among the few that a query returns, looked up by index in the table that holds
   it, below whatever joins and views stand between. #}
{% macro is_among(e, query) -%}
    {%- if target.type == 'postgres' -%} {{ e }} = any(array({{ query }}))
    {%- else -%} {{ e }} in ({{ query }})
    {%- endif -%}
{%- endmacro %}
