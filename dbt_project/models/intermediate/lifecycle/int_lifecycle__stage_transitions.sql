{{ config(materialized='view') }}

-- Only whether a stretch is past, present or ahead moves with the clock.
with

moves as (

    select * from {{ ref('int_lifecycle__stage_moves') }}

),

clock as (

    select {{ as_of() }} as as_of

),

dated as (

    select
        moves.lifecycle_id,
        moves.person_id,
        moves.stage_number,
        moves.stage,
        moves.stage_rank,
        moves.stage_family,
        moves.funnel_stage,
        moves.previous_stage,
        moves.direction,
        moves.reason_code,
        moves.rule_priority,
        moves.skipped_count,
        moves.entry_number,
        moves.days_in_previous_stage,
        moves.is_reentered,
        moves.valid_from > clock.as_of as is_projected,
        moves.valid_from <= clock.as_of and moves.valid_to > clock.as_of as is_current,
        moves.valid_from,
        moves.valid_to

    from moves

    cross join clock

)

select * from dated
