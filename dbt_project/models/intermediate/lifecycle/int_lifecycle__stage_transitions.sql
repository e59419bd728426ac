{{ config(indexes=[{'columns': ['person_id']}]) }}

with

intervals as (

    select * from {{ ref('int_lifecycle__stage_intervals') }}

),

stages as (

    select * from {{ ref('lifecycle_stages') }}

),

clock as (

    select {{ as_of() }} as as_of

),

neighboured as (

    select
        intervals.*,
        lag(intervals.stage) over person as previous_stage,
        lag(intervals.stage_rank) over person as previous_rank,
        lag(intervals.valid_from) over person as previous_from,
        row_number() over (
            partition by intervals.person_id, intervals.stage order by intervals.valid_from asc
        ) as entry_number

    from intervals

    window person as (partition by person_id order by valid_from asc)

),

-- Stages that a forward move passed over although they are not optional.
skipped as (

    select
        neighboured.person_id,
        neighboured.stage_number,
        cast(count(*) as int) as skipped_count

    from neighboured

    inner join stages
        on
            stages.is_optional = 0
            and stages.stage_rank > coalesce(neighboured.previous_rank, 0)
            and neighboured.stage_rank > stages.stage_rank

    group by neighboured.person_id, neighboured.stage_number

),

described as (

    select
        neighboured.person_id,
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
        neighboured.valid_from > clock.as_of as is_projected,
        neighboured.valid_from <= clock.as_of and neighboured.valid_to > clock.as_of as is_current,
        neighboured.valid_from,
        neighboured.valid_to

    from neighboured

    cross join clock

    inner join stages
        on neighboured.stage = stages.stage

    left join skipped
        on
            neighboured.person_id = skipped.person_id
            and neighboured.stage_number = skipped.stage_number

)

select * from described
