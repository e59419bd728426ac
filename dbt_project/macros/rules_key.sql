{# A number that is another one when any line of some rule files is, as far as the columns named go:
   a mapping of seeds to their columns. #}
{% macro rules_key(rules) -%}
    (
        select sum(digests.digest)
        from (
            {% for seed, columns in rules.items() -%}
            select cast(
                {{ hash_int("'" ~ seed ~ "' || " ~ surrogate_key(columns)) }} as numeric(38, 0)
            ) as digest
            from {{ ref(seed) }}
            {% if not loop.last -%} union all {% endif %}
            {%- endfor %}
        ) as digests
    )
{%- endmacro %}
