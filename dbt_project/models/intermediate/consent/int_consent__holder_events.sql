{{ config(group='privacy') }}

{# Each event with everyone it speaks for: its own key, and the person who held the key when it
   happened. What was refused before a key had any known holder binds the first one who has it; a
   grant reaches only the person who gave it, and ends for them when they lose the key. #}

with

events as (

    select * from {{ ref('int_consent__effective_events') }}

),

links as (

    select
        subject_key,
        person_id,
        valid_from,
        valid_to,
        coalesce(
            lag(valid_to) over (partition by subject_key order by valid_from, person_id),
            {{ beginning_of_time() }}
        ) as refusals_from

    from {{ ref('int_identity__person_links') }}

),

for_keys as (

    select
        'subject' as holder_type,
        events.subject_key as holder_id,
        {{ end_of_time() }} as held_until,
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

),

for_persons as (

    select
        'person' as holder_type,
        links.person_id as holder_id,
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

),

attributed as (

    select * from for_keys

    union all

    select * from for_persons

)

select * from attributed
