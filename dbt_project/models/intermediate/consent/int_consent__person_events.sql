{{ config(group='privacy', materialized='view') }}

{# Each event with the person who held its key when it happened. What was refused before a key had
   any known holder binds the first one who has it; a grant reaches only the person who gave it,
   and ends for them when they lose the key. #}

with

events as (

    select * from {{ ref('int_consent__effective_events') }}

),

links as (

    select * from {{ ref('int_consent__holder_links') }}

),

attributed as (

    select
        links.person_id,
        links.valid_to as held_until,
        events.event_id,
        events.subject_key,
        events.purpose,
        events.channel,
        events.action,
        events.state,
        events.strictness,
        events.is_sticky,
        events.is_personal_grant,
        events.effective_at,
        events.lapses_at,
        events.received_at

    from events

    inner join links
        on
            events.subject_key = links.subject_key
            and events.effective_at < links.valid_to
            and events.effective_at >= case
                when events.state = 'granted' then links.valid_from
                else links.refusals_from
            end

)

select * from attributed
