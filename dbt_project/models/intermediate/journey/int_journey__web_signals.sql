{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='subject_key',
    on_schema_change='fail',
    indexes=[{'columns': ['subject_key']}],
    post_hook="{{ forget_vanished_visitors() if is_incremental() }}"
) }}

with

events as (

    select * from {{ ref('int_journey__web_events') }}

),

web_signals as (

    select * from {{ ref('web_signals') }}

),

rules as (

    select {{ string_set(surrogate_key([
        'signal', 'action_type_pattern', 'category_pattern', 'action_pattern', 'path_pattern',
    ])) }} as rules_key

    from web_signals

),

{{ touched_visitors(['rules_key']) }},

touched_events as (

    select
        touched_visitors.visitor_number,
        events.source,
        events.visit_id,
        events.user_key,
        coalesce(events.event_type, '') as event_type,
        coalesce(events.page_path, '') as page_path,
        coalesce(events.event_category, '') as event_category,
        coalesce(events.event_action, '') as event_action,
        events.occurred_at

    from events

    inner join touched_visitors
        on events.subject_key = touched_visitors.subject_key

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
        touched_events.visitor_number,
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
        touched_events.visitor_number,
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
        touched_visitors.subject_key,
        signalled.user_key,
        touched_visitors.visitor_state,
        signalled.occurred_at

    from touched_visitors

    left join signalled
        on touched_visitors.visitor_number = signalled.visitor_number

)

select * from marked
