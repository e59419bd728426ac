{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='person_id',
    on_schema_change='fail',
    indexes=[{'columns': ['person_id']}],
    post_hook="{{
        forget_vanished_persons(ref('int_lifecycle__rule_intervals')) if is_incremental()
    }}"
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

named_rules as (

    select
        md5({{ string_set(surrogate_key([
            'rules.priority', 'rules.reason_code', 'stages.stage', 'stages.stage_rank',
        ])) }}) as rules_state

    from rules

    inner join stages
        on rules.stage = stages.stage

),

told_states as (

    select
        person_id,
        max(person_state) as person_state

    from all_rule_intervals

    group by person_id

),

person_states as (

    select
        told_states.person_id,
        told_states.person_state || '|' || named_rules.rules_state as person_state

    from told_states

    cross join named_rules

),

{{ touched_persons() }},

rule_intervals as (

    select
        touched_persons.person_number,
        all_rule_intervals.priority,
        all_rule_intervals.valid_from,
        all_rule_intervals.valid_to

    from all_rule_intervals

    inner join touched_persons
        on all_rule_intervals.person_id = touched_persons.person_id

),

boundaries as (

    select
        person_number,
        valid_from as changed_at
    from rule_intervals

    union

    select
        person_number,
        valid_to as changed_at
    from rule_intervals

),

sliced as (

    select
        person_number,
        changed_at as valid_from,
        lead(changed_at) over (partition by person_number order by changed_at asc) as valid_to

    from boundaries

),

won as (

    select
        sliced.person_number,
        sliced.valid_from,
        sliced.valid_to,
        min(rule_intervals.priority) as priority

    from sliced

    inner join rule_intervals
        on
            sliced.person_number = rule_intervals.person_number
            and sliced.valid_from >= rule_intervals.valid_from
            and sliced.valid_from < rule_intervals.valid_to

    where sliced.valid_to is not null

    group by sliced.person_number, sliced.valid_from, sliced.valid_to

),

staged as (

    select
        won.person_number,
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

    window person as (partition by won.person_number order by won.valid_from asc)

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
            partition by flagged.person_number
            order by flagged.valid_from asc
            rows between unbounded preceding and current row
        ) as stage_number

    from flagged

),

islands as (

    select
        person_number,
        cast(stage_number as int) as stage_number,
        min(stage) as stage,
        min(stage_rank) as stage_rank,
        max(case when is_entry = 1 then reason_code end) as reason_code,
        max(case when is_entry = 1 then rule_priority end) as rule_priority,
        min(valid_from) as valid_from,
        max(valid_to) as valid_to

    from numbered

    group by person_number, stage_number

),

stated as (

    select
        touched_persons.person_id,
        islands.stage_number,
        islands.stage,
        islands.stage_rank,
        islands.reason_code,
        islands.rule_priority,
        touched_persons.person_state,
        islands.valid_from,
        islands.valid_to

    from islands

    inner join touched_persons
        on islands.person_number = touched_persons.person_number

)

select * from stated
