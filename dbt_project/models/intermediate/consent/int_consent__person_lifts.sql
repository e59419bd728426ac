{{ config(group='privacy', materialized='view') }}

{# Which refusals of a person a later authenticated act of theirs set aside, and when. #}

with

refusals as (

    select * from {{ ref('int_consent__holder_intervals') }}
    where holder_type = 'person' and denied_at is not null

),

personal_grants as (

    select * from {{ ref('int_consent__holder_intervals') }}
    where holder_type = 'person' and personal_grant_at is not null

),

lifts as (

    select
        refusals.holder_id as person_id,
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

)

select * from lifts
