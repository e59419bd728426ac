{# Row count and order-independent hash of some columns of a relation: what parity tests compare. #}
{% macro fingerprint(relation, columns) -%}
    select
        count(*) as row_count,
        cast(
            sum(cast({{ hash_int(surrogate_key(columns)) }} as numeric(38, 0)))
            as {{ t_text() }}
        ) as fingerprint
    from {{ relation }}
{%- endmacro %}
