-- The identifiers that most records share: where an over-merge would begin.
with

identifiers as (

    select *

    from {{ ref('int_identity__identifiers') }}

    where observation_count > 0

),

cut_edges as (

    select * from {{ source('identity', 'cut_edges') }}

),

records_per_value as (

    select
        identifier_type,
        subject_key,
        count(*) as record_count

    from identifiers

    group by identifier_type, subject_key

    having count(*) > 1

),

largest as (

    {{ first_of_each(
        'records_per_value', 'identifier_type', 'record_count desc, subject_key asc', 20
    ) }}

),

refused as (

    select
        left_key as subject_key,
        max(shared_by) as shared_by

    from cut_edges

    where right_key is null

    group by left_key

),

ranked as (

    select
        largest.identifier_type,
        largest.subject_key,
        largest.record_count,
        refused.shared_by,
        row_number() over (
            partition by largest.identifier_type
            order by largest.record_count desc, largest.subject_key asc
        ) as hub_rank

    from largest

    left join refused
        on largest.subject_key = refused.subject_key

),

hubs as (

    select
        {{ surrogate_key(['identifier_type', 'hub_rank']) }} as hub_id,
        identifier_type,
        substr(subject_key, 1, 12) as identifier_reference,
        cast(hub_rank as int) as hub_rank,
        cast(record_count as int) as record_count,
        cast(shared_by as int) as refused_shared_by,
        shared_by is not null as is_refused

    from ranked

    where hub_rank <= 20

)

select * from hubs
