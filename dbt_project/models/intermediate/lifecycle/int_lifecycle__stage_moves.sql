{{ config(
    materialized='incremental',
    incremental_strategy='append',
    unique_key='person_id',
    on_schema_change='fail',
    pre_hook="{{ forget_outdated(ref('int_lifecycle__signal_states')) if is_incremental() }}"
) }}

-- All that a stretch tells without a clock, so that it is computed only when the stretches change.
with

all_intervals as (

    select * from {{ ref('int_lifecycle__stage_intervals') }}

),

stages as (

    select * from {{ ref('lifecycle_stages') }}

),

{{ touched_by(ref('int_lifecycle__signal_states'), 'person_id') }},

neighboured as (

    select
        touched.holder_number,
        intervals.stage_number,
        intervals.stage,
        intervals.stage_rank,
        intervals.reason_code,
        intervals.rule_priority,
        intervals.valid_from,
        intervals.valid_to,
        lag(intervals.stage) over person as previous_stage,
        lag(intervals.stage_rank) over person as previous_rank,
        lag(intervals.valid_from) over person as previous_from,
        row_number() over (
            partition by touched.holder_number, intervals.stage
            order by intervals.valid_from asc
        ) as entry_number

    from all_intervals as intervals

    inner join touched
        on intervals.person_id = touched.person_id

    window person as (
        partition by touched.holder_number order by intervals.valid_from asc
    )

),

-- Stages that a forward move passed over although they are not optional.
skipped as (

    select
        neighboured.holder_number,
        neighboured.stage_number,
        cast(count(*) as int) as skipped_count

    from neighboured

    inner join stages
        on
            stages.is_optional = 0
            and stages.stage_rank > coalesce(neighboured.previous_rank, 0)
            and neighboured.stage_rank > stages.stage_rank

    group by neighboured.holder_number, neighboured.stage_number

),

described as (

    select
        {{ surrogate_key(['touched.person_id', 'neighboured.valid_from']) }}
            as lifecycle_id,
        touched.person_id,
        neighboured.stage_number,
        neighboured.stage,
        neighboured.stage_rank,
        stages.family as stage_family,
        stages.funnel_stage,
        neighboured.previous_stage,
        case
            when neighboured.previous_stage is null then 'entered'
            when neighboured.stage_rank > neighboured.previous_rank then 'forwards'
            else 'backwards'
        end as direction,
        neighboured.reason_code,
        neighboured.rule_priority,
        coalesce(skipped.skipped_count, 0) as skipped_count,
        cast(neighboured.entry_number as int) as entry_number,
        case
            when neighboured.previous_from is not null then
                {{ days_between('neighboured.previous_from', 'neighboured.valid_from') }}
        end as days_in_previous_stage,
        neighboured.entry_number > 1 as is_reentered,
        touched.holder_state,
        neighboured.valid_from,
        neighboured.valid_to

    from neighboured

    inner join touched
        on neighboured.holder_number = touched.holder_number

    inner join stages
        on neighboured.stage = stages.stage

    left join skipped
        on
            neighboured.holder_number = skipped.holder_number
            and neighboured.stage_number = skipped.stage_number

)

select * from described
