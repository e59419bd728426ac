{{ config(materialized='view') }}

with

history as (

    select * from {{ ref('lifecycle_history') }}

),

rights as (

    select *

    from {{ ref('int_customer__audience_rights') }}

    where audience = 'marketing' and is_admitted

),

permitted as (

    select
        history.lifecycle_id,
        history.person_id,
        history.stage,
        history.stage_family,
        history.previous_stage,
        history.direction,
        history.reason_code,
        history.stage_number,
        history.stage_rank,
        history.is_reentered,
        history.is_projected,
        history.is_current,
        history.valid_from,
        history.valid_to

    from history

    inner join rights
        on history.person_id = rights.person_id

)

select * from permitted
