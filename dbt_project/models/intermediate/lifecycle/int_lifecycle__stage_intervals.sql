{{ config(
    materialized='incremental',
    incremental_strategy='append',
    unique_key='person_id',
    on_schema_change='fail',
    pre_hook="{{ forget_outdated(ref('int_lifecycle__signal_states')) if is_incremental() }}"
) }}

-- One stage at a time: of the rules that hold the lowest priority number wins. Stretches of the
-- same stage are one row (gaps and islands).
with

all_rule_intervals as (

    select * from {{ ref('int_lifecycle__rule_intervals') }}

),

rules as (

    select
        priority,
        min(stage) as stage,
        min(reason_code) as reason_code

    from {{ ref('lifecycle_rules') }}

    group by priority

),

stages as (

    select * from {{ ref('lifecycle_stages') }}

),

{{ touched_by(ref('int_lifecycle__signal_states'), 'person_id') }},

rule_intervals as (

    select
        touched.holder_number,
        all_rule_intervals.priority,
        all_rule_intervals.valid_from,
        all_rule_intervals.valid_to

    from all_rule_intervals

    inner join touched
        on all_rule_intervals.person_id = touched.person_id

),

boundaries as (

    select
        holder_number,
        valid_from as changed_at
    from rule_intervals

    union

    select
        holder_number,
        valid_to as changed_at
    from rule_intervals

),

sliced as (

    select
        holder_number,
        changed_at as valid_from,
        lead(changed_at) over (partition by holder_number order by changed_at asc) as valid_to

    from boundaries

),

won as (

    select
        sliced.holder_number,
        sliced.valid_from,
        sliced.valid_to,
        min(rule_intervals.priority) as priority

    from sliced

    inner join rule_intervals
        on
            sliced.holder_number = rule_intervals.holder_number
            and sliced.valid_from >= rule_intervals.valid_from
            and sliced.valid_from < rule_intervals.valid_to

    where sliced.valid_to is not null

    group by sliced.holder_number, sliced.valid_from, sliced.valid_to

),

staged as (

    select
        won.holder_number,
        stages.stage,
        stages.stage_rank,
        rules.reason_code,
        won.priority as rule_priority,
        won.valid_from,
        won.valid_to,
        lag(stages.stage) over person as stage_before,
        lag(won.valid_to) over person as valid_to_before

    from won

    inner join rules
        on won.priority = rules.priority

    inner join stages
        on rules.stage = stages.stage

    window person as (partition by won.holder_number order by won.valid_from asc)

),

flagged as (

    select
        staged.*,
        case
            when
                staged.stage = staged.stage_before and staged.valid_from = staged.valid_to_before
                then 0
            else 1
        end as is_entry

    from staged

),

numbered as (

    select
        flagged.*,
        sum(flagged.is_entry) over (
            partition by flagged.holder_number
            order by flagged.valid_from asc
            rows between unbounded preceding and current row
        ) as stage_number

    from flagged

),

islands as (

    select
        holder_number,
        cast(stage_number as int) as stage_number,
        min(stage) as stage,
        min(stage_rank) as stage_rank,
        max(case when is_entry = 1 then reason_code end) as reason_code,
        max(case when is_entry = 1 then rule_priority end) as rule_priority,
        min(valid_from) as valid_from,
        max(valid_to) as valid_to

    from numbered

    group by holder_number, stage_number

),

stated as (

    select
        touched.person_id,
        islands.stage_number,
        islands.stage,
        islands.stage_rank,
        islands.reason_code,
        islands.rule_priority,
        touched.holder_state,
        islands.valid_from,
        islands.valid_to

    from islands

    inner join touched
        on islands.holder_number = touched.holder_number

)

select * from stated
