{# Hashes that every engine computes alike. #}

{% macro hash_int(e) -%}
    {%- if target.type == 'postgres' -%} cast(cast(('x' || substr(md5({{ e }}), 1, 14)) as bit(56)) as bigint)
    {%- else -%} cast(conv(substr(md5({{ e }}), 1, 14), 16, 10) as bigint)
    {%- endif -%}
{%- endmacro %}

{# A text key from several columns; null and empty differ. #}
{% macro surrogate_key(columns) -%}
    md5({% for column in columns %}coalesce(cast({{ column }} as {{ t_text() }}), '~'){{ " || '|' || " if not loop.last }}{% endfor %})
{%- endmacro %}

{# A number from several columns, cheaper than hash_int(); null and empty differ. Comparable on one
   engine only, like rows_digest(). #}
{% macro row_int(columns) -%}
    {%- if target.type == 'postgres' -%} hash_record_extended(row({{ columns | join(', ') }}), 0)
    {%- else -%} xxhash64({{ columns | join(', ') }})
    {%- endif -%}
{%- endmacro %}

{# A number of 32 bits from a moment: sums of such need no more room than a number. #}
{% macro moment_int(e) -%}
    {%- if target.type == 'postgres' -%} timestamp_hash({{ e }})
    {%- else -%} hash({{ e }})
    {%- endif -%}
{%- endmacro %}

{# An exact sum of whole numbers of any size. #}
{% macro sum_int(e) -%}
    {%- if target.type == 'postgres' -%} sum({{ e }})
    {%- else -%} sum(cast({{ e }} as decimal(38, 0)))
    {%- endif -%}
{%- endmacro %}

{# A text that changes when the rows of a group do, whatever their order. Comparable on one engine
   only: PostgreSQL hashes the values as they lie, without printing them. #}
{% macro rows_digest(columns) -%}
    cast(count(*) as {{ t_text() }}) || '|' || cast(
    {%- if target.type == 'postgres' -%} sum(hash_record_extended(row({{ columns | join(', ') }}), 0))
    {%- else -%} sum(cast(xxhash64({{ columns | join(', ') }}) as decimal(38, 0)))
    {%- endif -%}
    as {{ t_text() }})
{%- endmacro %}
