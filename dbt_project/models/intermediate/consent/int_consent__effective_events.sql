{{ config(
    group='privacy',
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='subject_key',
    on_schema_change='fail',
    indexes=[{'columns': ['subject_key']}],
    post_hook="{{
        forget_outdated(ref('int_consent__subject_inputs'), 'subject_key') if is_incremental()
    }}"
) }}

{# The events that change something. A state that only repeats what its source said last is none,
   whatever date the source puts on it; nor is an implied basis while an express answer stands. #}

with

touched as {{ once() }}(

    {{ touched_holders(ref('int_consent__subject_inputs'), 'subject_key') }}

),

events as (

    select
        timed.*,
        touched.holder_state

    from {{ ref('int_consent__timed_events') }} as timed

    inner join touched
        on timed.subject_key = touched.subject_key

),

compared as (

    select
        *,
        lag(action) over (
            partition by subject_key, purpose, channel, source, capture_method
            order by
                effective_at asc, strictness asc, lapses_at desc, received_at asc, event_id asc
        ) as previous_action,
        max(case when not is_implied then lapses_at end) over (
            partition by subject_key, purpose, channel
            order by
                effective_at asc, strictness asc, lapses_at desc, received_at asc, event_id asc
            rows between unbounded preceding and 1 preceding
        ) as answered_until

    from events

),

effective as (

    select
        event_id,
        subject_key,
        subject_scope,
        purpose,
        channel,
        action,
        state,
        strictness,
        source,
        is_sticky,
        is_personal_grant,
        effective_at,
        lapses_at,
        received_at,
        holder_state

    from compared

    where
        (kind = 'act' or previous_action is null or previous_action <> action)
        and (not is_implied or answered_until is null or answered_until <= effective_at)

)

select * from effective
