{# Half-open intervals of one key never overlap, and none ends before it starts. A number stands for
   the key: sorting by it costs a fraction of sorting by texts, and should two keys ever share one,
   that hides no overlap. #}
{% test intervals_do_not_overlap(
    model, key_columns, from_column="valid_from", to_column="valid_to"
) %}

with

intervals as (

    select
        {{ row_int(key_columns) }} as key_number,
        {{ from_column }} as starts_at,
        {{ to_column }} as ends_at

    from {{ model }}

),

ordered as (

    select
        key_number,
        starts_at,
        ends_at,
        lead(starts_at) over (
            partition by key_number order by starts_at asc, ends_at asc
        ) as next_starts_at

    from intervals

)

select *

from ordered

where ends_at <= starts_at or next_starts_at < ends_at


{% endtest %}
