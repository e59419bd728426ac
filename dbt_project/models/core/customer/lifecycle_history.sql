{{ config(materialized='view') }}

with

transitions as (

    select * from {{ ref('int_lifecycle__stage_transitions') }}

),

chosen as (

    select
        lifecycle_id,
        person_id,
        stage,
        stage_family,
        funnel_stage,
        previous_stage,
        direction,
        reason_code,
        stage_number,
        stage_rank,
        rule_priority,
        skipped_count,
        entry_number,
        days_in_previous_stage,
        is_reentered,
        is_projected,
        is_current,
        valid_from,
        valid_to

    from transitions

)

select * from chosen
