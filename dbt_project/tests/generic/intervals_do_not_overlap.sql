{# Half-open intervals of one key never overlap, and none ends before it starts. #}
{% test intervals_do_not_overlap(
    model, key_columns, from_column="valid_from", to_column="valid_to"
) %}

with

ordered as (

    select
        {{ key_columns | join(', ') }},
        {{ from_column }} as starts_at,
        {{ to_column }} as ends_at,
        lead({{ from_column }}) over (
            partition by {{ key_columns | join(', ') }}
            order by {{ from_column }} asc, {{ to_column }} asc
        ) as next_starts_at

    from {{ model }}

)

select *

from ordered

where ends_at <= starts_at or next_starts_at < ends_at


{% endtest %}
