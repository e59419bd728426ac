{{ config(
    group='privacy',
    materialized='incremental',
    incremental_strategy='append',
    unique_key='seq',
    on_schema_change='fail',
    indexes=[
        {'columns': ['seq'], 'unique': true},
        {'columns': ['subject_key']},
        {'columns': ['effective_at']},
    ],
    pre_hook="{{ forget_outdated(ref('int_consent__subject_inputs')) if is_incremental() }}"
) }}

{# The events that change something, and what follows each. A state that only repeats what its
   source said last is none, whatever date the source puts on it; nor is an implied basis while an
   express answer stands. Computed anew for keys with news. #}

with

touched as {{ once() }}(

    select
        inputs.subject_key,
        inputs.holder_state

    from {{ ref('int_consent__subject_inputs') }} as inputs

    where {{ is_touched('inputs') }}

),

events as (

    select
        timed.*,
        touched.holder_state

    from {{ ref('int_consent__timed_events') }} as timed

    inner join touched
        on timed.subject_key = touched.subject_key
    {% if is_incremental() %}
        where {{ is_among('timed.subject_key', 'select news.subject_key from touched as news') }}
    {%- endif %}

),

compared as (

    select
        *,
        lag(action) over (
            partition by subject_key, purpose, source, capture_method
            order by {{ order_of_events() }}
        ) as previous_action,
        max(case when not is_implied then lapses_at end) over (
            partition by subject_key, purpose
            order by {{ order_of_events() }}
            rows between unbounded preceding and 1 preceding
        ) as answered_until

    from events

),

effective as (

    select *

    from compared

    where
        (kind = 'act' or previous_action is null or previous_action <> action)
        and (not is_implied or answered_until is null or answered_until <= effective_at)

),

ordered as (

    select
        *,
        row_number() over running as place,
        {{ followed() }}

    from effective

    window
        running as (
            partition by subject_key, purpose
            order by {{ order_of_events() }}
            rows between unbounded preceding and current row
        )

),

overruled as (

    select
        seq,
        place,
        subject_key,
        purpose,
        action,
        state,
        is_sticky,
        is_personal_grant,
        effective_at,
        lapses_at,
        next_at,
        {{ overruled_since() }} as overruled_since,
        holder_state

    from ordered

)

select * from overruled
