{{ config(group='privacy', materialized='view') }}

{# What each key's answers count for its person, a row per stretch of time. A later authenticated
   act of the person lifts a refusal: from then on counts what the key says besides (part 2). A
   refusal by any key counts for the whole person, unless the purpose is declared to be a matter of
   each device; an answer that does not count is a row without state. #}

with

intervals as (

    select * from {{ ref('int_consent__holder_intervals') }}
    where holder_type = 'person'

),

purposes as (

    select * from {{ ref('purposes') }}

),

personal_grants as (

    select
        holder_id,
        purpose,
        personal_grant_at

    from {{ ref('int_consent__holder_intervals') }}

    where holder_type = 'person' and personal_grant_at is not null

),

refusals as (

    select
        holder_id,
        subject_key,
        purpose,
        denied_at,
        valid_from

    from {{ ref('int_consent__holder_intervals') }}

    where holder_type = 'person' and denied_at is not null

),

lifts as (

    select
        refusals.holder_id,
        refusals.subject_key,
        refusals.purpose,
        refusals.valid_from,
        min(personal_grants.personal_grant_at) as lifted_at

    from refusals

    inner join personal_grants
        on
            refusals.holder_id = personal_grants.holder_id
            and refusals.purpose = personal_grants.purpose
            and refusals.denied_at < personal_grants.personal_grant_at

    group by refusals.holder_id, refusals.subject_key, refusals.purpose, refusals.valid_from

),

parts as (

    select 1 as part
    union all
    select 2 as part

),

split as (

    select
        intervals.holder_id as person_id,
        intervals.holder_state,
        intervals.purpose,
        purposes.channel,
        intervals.reason,
        case
            when parts.part = 2 then intervals.lifted_state
            when
                intervals.state = 'denied'
                and purposes.denial_scope = 'subject'
                and intervals.reason not in ('object', 'gpc') then null
            else intervals.state
        end as state,
        case
            when parts.part = 2 and lifts.lifted_at > intervals.valid_from then lifts.lifted_at
            else intervals.valid_from
        end as valid_from,
        case
            when parts.part = 2 then intervals.lifted_until
            when lifts.lifted_at < intervals.valid_to then lifts.lifted_at
            else intervals.valid_to
        end as valid_to

    from intervals

    inner join purposes
        on intervals.purpose = purposes.purpose

    left join lifts
        on
            intervals.holder_id = lifts.holder_id
            and intervals.subject_key = lifts.subject_key
            and intervals.purpose = lifts.purpose
            and intervals.valid_from = lifts.valid_from

    inner join parts
        on parts.part = 1 or lifts.lifted_at is not null

),

lasting as (

    select * from split
    where valid_from < valid_to

)

select * from lasting
