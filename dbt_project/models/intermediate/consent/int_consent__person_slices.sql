{{ config(group='privacy') }}

{# Per person, purpose and channel: time cut at every moment at which anything could change. Within
   a slice every interval of every key either holds throughout or not at all. #}

with

intervals as (

    select * from {{ ref('int_consent__holder_intervals') }}
    where holder_type = 'person'

),

boundaries as (

    select
        holder_id,
        purpose,
        channel,
        valid_from as boundary_at,
        personal_grant_at

    from intervals

    union all

    select
        holder_id,
        purpose,
        channel,
        valid_to as boundary_at,
        null as personal_grant_at

    from intervals

    union all

    select
        holder_id,
        purpose,
        channel,
        lifted_until as boundary_at,
        null as personal_grant_at

    from intervals

    where lifted_until < valid_to

    union all

    select
        holder_id,
        purpose,
        channel,
        {{ beginning_of_time() }} as boundary_at,
        null as personal_grant_at

    from intervals

),

cuts as (

    select
        holder_id,
        purpose,
        channel,
        boundary_at,
        max(personal_grant_at) as personal_grant_at

    from boundaries

    where boundary_at < {{ end_of_time() }}

    group by holder_id, purpose, channel, boundary_at

),

slices as (

    select
        holder_id as person_id,
        purpose,
        channel,
        boundary_at as valid_from,
        lead(boundary_at, 1, {{ end_of_time() }}) over (
            partition by holder_id, purpose, channel order by boundary_at
        ) as valid_to,
        max(personal_grant_at) over (
            partition by holder_id, purpose, channel
            order by boundary_at rows between unbounded preceding and current row
        ) as lifted_at,
        row_number() over (
            partition by holder_id, purpose, channel order by boundary_at
        ) as slice_number

    from cuts

)

select * from slices
