{{ config(
    materialized='incremental',
    incremental_strategy='append',
    unique_key='subject_key',
    on_schema_change='fail',
    pre_hook="{{ forget_outdated(ref('int_journey__visitor_states')) if is_incremental() }}"
) }}

with

events as (

    select * from {{ ref('int_journey__web_events') }}

),

web_signals as (

    select * from {{ ref('web_signals') }}

),

visits as (

    select * from {{ ref('int_journey__web_visits') }}

),

{{ touched_by(ref('int_journey__visitor_states'), 'subject_key') }},

touched_visits as {{ once() }}(

    select
        touched.holder_number,
        visits.source,
        visits.visit_id,
        visits.user_key

    from visits

    inner join touched
        on visits.subject_key = touched.subject_key

),

touched_events as (

    select
        visits.holder_number,
        events.source,
        events.visit_id,
        coalesce(events.user_key, visits.user_key) as user_key,
        coalesce(events.event_type, '') as event_type,
        coalesce(events.page_path, '') as page_path,
        coalesce(events.event_category, '') as event_category,
        coalesce(events.event_action, '') as event_action,
        events.occurred_at

    from events

    inner join touched_visits as visits
        on
            events.source = visits.source
            and events.visit_id = visits.visit_id

),

kinds as (

    select distinct
        event_type,
        page_path,
        event_category,
        event_action

    from touched_events

),

matched_kinds as (

    select distinct
        kinds.event_type,
        kinds.page_path,
        kinds.event_category,
        kinds.event_action,
        web_signals.signal

    from kinds

    inner join web_signals
        on
            {{ regex_matches('kinds.event_type', 'web_signals.action_type_pattern') }}
            and (
                web_signals.category_pattern is null
                or {{ regex_matches(
                    'lower(kinds.event_category)', 'web_signals.category_pattern'
                ) }}
            )
            and (
                web_signals.action_pattern is null
                or {{ regex_matches(
                    'lower(kinds.event_action)', 'web_signals.action_pattern'
                ) }}
            )
            and (
                web_signals.path_pattern is null
                or {{ regex_matches('lower(kinds.page_path)', 'web_signals.path_pattern') }}
            )

),

-- A visit is one visitor's, whose key and state are looked up once the events are one row.
signalled as (

    select
        matched_kinds.signal,
        touched_events.source,
        touched_events.visit_id,
        touched_events.holder_number,
        max(touched_events.user_key) as user_key,
        min(touched_events.occurred_at) as occurred_at

    from touched_events

    inner join matched_kinds
        on
            touched_events.event_type = matched_kinds.event_type
            and touched_events.page_path = matched_kinds.page_path
            and touched_events.event_category = matched_kinds.event_category
            and touched_events.event_action = matched_kinds.event_action

    -- Numbers first: where this is sorted, they decide most comparisons.
    group by
        touched_events.holder_number,
        touched_events.visit_id,
        touched_events.source,
        matched_kinds.signal

),

-- A visitor without any signal leaves a marker, or the next increment would take them for new.
marked as (

    select
        coalesce(signalled.signal, 'none') as signal,
        signalled.source,
        signalled.visit_id,
        touched.subject_key,
        signalled.user_key,
        touched.holder_state,
        signalled.occurred_at

    from touched

    left join signalled
        on touched.holder_number = signalled.holder_number

)

select * from marked
