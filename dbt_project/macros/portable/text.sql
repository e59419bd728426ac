{# Text, patterns and JSON text; raw JSON is opened in staging only. #}

{% macro regex_extract(e, pattern) -%}
    {%- if target.type == 'postgres' -%} substring({{ e }} from '{{ pattern }}')
    {%- else -%} nullif(regexp_extract({{ e }}, '{{ pattern }}', 1), '')
    {%- endif -%}
{%- endmacro %}

{# Whether a text matches a pattern held in another column (POSIX classes only, no backslashes). #}
{% macro regex_matches(e, pattern) -%}
    {%- if target.type == 'postgres' -%} ({{ e }} ~ {{ pattern }})
    {%- else -%} ({{ e }} rlike {{ pattern }})
    {%- endif -%}
{%- endmacro %}

{# The text under one top-level key of a JSON text; the key is an expression. #}
{% macro json_text(column, key) -%}
    {%- if target.type == 'postgres' -%} (cast({{ column }} as jsonb) ->> {{ key }})
    {%- else -%} get_json_object({{ column }}, '$.' || {{ key }})
    {%- endif -%}
{%- endmacro %}

{# A number from a text, or null when it is none. #}
{% macro to_number(e) -%}
    {%- if target.type == 'postgres' -%} (case when {{ e }} ~ '^-?[0-9]{1,12}([.][0-9]{1,6})?$' then cast({{ e }} as {{ t_ratio() }}) end)
    {%- else -%} (case when {{ e }} rlike '^-?[0-9]{1,12}([.][0-9]{1,6})?$' then cast({{ e }} as {{ t_ratio() }}) end)
    {%- endif -%}
{%- endmacro %}

{# Distinct values of a group in one sorted text. #}
{% macro string_set(e, separator=',') -%}
    {%- if target.type == 'postgres' -%} string_agg(distinct {{ e }}, '{{ separator }}' order by {{ e }})
    {%- else -%} nullif(array_join(sort_array(collect_set({{ e }})), '{{ separator }}'), '')
    {%- endif -%}
{%- endmacro %}

{# Values of a group in the order of another expression, joined to one text. #}
{% macro string_path(e, order_by, separator=' > ') -%}
    {%- if target.type == 'postgres' -%} string_agg({{ e }}, '{{ separator }}' order by {{ order_by }})
    {%- else -%} array_join(transform(array_sort(collect_list(struct({{ order_by }}, {{ e }} as e))), x -> x.e), '{{ separator }}')
    {%- endif -%}
{%- endmacro %}

{# All columns of a row (named by its alias) as what json_text() opens: a JSON text, or the engine's
   own JSON where it has one, which need not be read again for every key. #}
{% macro row_json(alias) -%}
    {%- if target.type == 'postgres' -%} to_jsonb({{ alias }})
    {%- else -%} to_json(struct({{ alias }}.*))
    {%- endif -%}
{%- endmacro %}
