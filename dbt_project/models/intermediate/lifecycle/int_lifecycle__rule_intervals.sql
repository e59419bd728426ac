{{ config(
    materialized='incremental',
    incremental_strategy='append',
    unique_key='person_id',
    on_schema_change='fail',
    pre_hook="{{ forget_outdated(ref('int_lifecycle__signal_states')) if is_incremental() }}"
) }}

-- When each rule holds for each person: a running sum of signals that enter and, after the
-- evidence window, leave. The leaving points may lie ahead: a lapse is known before it happens,
-- and so only persons with other signals than before (or everybody, after a change of the rules)
-- are computed anew.
with

all_signals as (

    select * from {{ ref('int_lifecycle__signals') }}

),

rule_lines as (

    select * from {{ ref('int_lifecycle__rule_lines') }}

),

{{ touched_by(ref('int_lifecycle__signal_states'), 'person_id') }},

signals as (

    select
        touched.holder_number,
        all_signals.signal,
        all_signals.reporting_amount,
        all_signals.occurred_at

    from all_signals

    inner join touched
        on all_signals.person_id = touched.person_id

),

first_seen as (

    select
        holder_number,
        min(occurred_at) as first_seen_at

    from signals

    group by holder_number

),

weighed as (

    select
        signals.holder_number,
        rule_lines.line_number,
        rule_lines.window_days,
        signals.occurred_at,
        case rule_lines.measure
            when 'amount' then coalesce(signals.reporting_amount, 0)
            else 1
        end as weight

    from signals

    inner join rule_lines
        on signals.signal = rule_lines.trait

),

ends as (

    select 1 as direction
    union all
    select -1 as direction

),

points as (

    select
        weighed.holder_number,
        weighed.line_number,
        case ends.direction
            when 1 then weighed.occurred_at
            else {{ ts_add('day', 'weighed.window_days', 'weighed.occurred_at') }}
        end as changed_at,
        case ends.direction when 1 then weighed.weight else -weighed.weight end as weight

    from weighed

    inner join ends
        on ends.direction = 1 or weighed.window_days is not null

),

-- With what else happens at that instant: the frame goes by time, not by row.
summed as (

    select
        holder_number,
        line_number,
        changed_at,
        sum(weight) over line_so_far as measured,
        lag(changed_at) over line_so_far as previous_at

    from points

    window line_so_far as (partition by holder_number, line_number order by changed_at asc)

),

running as (

    select
        summed.*,
        lag(summed.measured, 1, 0) over (
            partition by summed.holder_number, summed.line_number order by summed.changed_at asc
        ) as measured_before

    from summed

),

-- Before its first signal a line holds only when nothing at all satisfies it.
changes as (

    select
        running.holder_number,
        rule_lines.priority,
        running.changed_at,
        case
            when
                {{ compare('running.measured', 'rule_lines.operator', 'rule_lines.threshold') }}
                then 1
            else -1
        end as change

    from running

    inner join rule_lines
        on running.line_number = rule_lines.line_number

    where
        (running.previous_at is null or running.previous_at < running.changed_at)
        and {{ compare('running.measured', 'rule_lines.operator', 'rule_lines.threshold') }}
        <> {{ compare(
            'running.measured_before', 'rule_lines.operator', 'rule_lines.threshold'
        ) }}

    union all

    select
        first_seen.holder_number,
        rule_lines.priority,
        first_seen.first_seen_at as changed_at,
        1 as change
    from first_seen
    inner join rule_lines
        on {{ compare('0', 'rule_lines.operator', 'rule_lines.threshold') }}

),

rule_sizes as (

    select
        priority,
        count(*) as line_count

    from rule_lines

    group by priority

),

stepped as (

    select
        holder_number,
        priority,
        changed_at,
        sum(sum(change)) over (
            partition by holder_number, priority
            order by changed_at asc
            rows between unbounded preceding and current row
        ) as lines_holding,
        lead(changed_at) over (
            partition by holder_number, priority
            order by changed_at asc
        ) as next_changed_at

    from changes

    group by holder_number, priority, changed_at

),

intervals as (

    select
        touched.person_id,
        stepped.priority,
        touched.holder_state,
        stepped.changed_at as valid_from,
        coalesce(stepped.next_changed_at, {{ end_of_time() }}) as valid_to

    from stepped

    inner join rule_sizes
        on
            stepped.priority = rule_sizes.priority
            and stepped.lines_holding = rule_sizes.line_count

    inner join touched
        on stepped.holder_number = touched.holder_number

)

select * from intervals
