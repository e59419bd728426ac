-- depends_on: {{ ref('int_consent__holder_inputs') }}
{{ config(
    group='privacy',
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='holder_id',
    on_schema_change='fail',
    indexes=[{'columns': ['holder_id']}],
    post_hook="{{
        forget_outdated(ref('int_consent__holder_inputs'), 'holder_id') if is_incremental()
    }}"
) }}

{# Per holder and key, from one event to the next. A holder is a key itself, or the person who held
   it when it happened; what was refused before a key had any known holder binds the first one who
   has it, and a grant ends for its giver when they lose the key. An objection and a browser's
   opt-out signal stand until the person lifts them by an authenticated act; `lifted_state` is what
   would count if another of the person's keys brought such an act. Of what one key said in one
   instant only the strictest counts, and of two grants the one that lapses first: a void one lifts
   nothing. #}

with

touched_keys as {{ once() }}(

    {{ touched_holders(ref('int_consent__subject_inputs'), 'subject_key', 'holder_id') }}

),

touched_persons as {{ once() }}(

    {{ touched_holders(ref('int_consent__person_inputs'), 'person_id', 'holder_id') }}

),

holders as (

    select
        'subject' as holder_type,
        subject_key as holder_id,
        subject_key,
        {{ beginning_of_time() }} as grants_from,
        {{ beginning_of_time() }} as refusals_from,
        {{ end_of_time() }} as held_until,
        holder_state

    from touched_keys

    union all

    select
        'person' as holder_type,
        touched_persons.person_id as holder_id,
        links.subject_key,
        links.valid_from as grants_from,
        links.refusals_from,
        links.valid_to as held_until,
        touched_persons.holder_state

    from touched_persons

    inner join {{ ref('int_consent__holder_links') }} as links
        on touched_persons.person_id = links.person_id

),

events as (

    select
        holders.holder_type,
        holders.holder_id,
        holders.held_until,
        said.event_id,
        said.subject_key,
        said.purpose,
        said.channel,
        said.action,
        said.state,
        said.strictness,
        said.is_sticky,
        said.is_personal_grant,
        said.effective_at,
        said.lapses_at,
        said.received_at,
        holders.holder_state

    from holders

    inner join {{ ref('int_consent__effective_events') }} as said
        on
            holders.subject_key = said.subject_key
            and holders.held_until > said.effective_at
            and case
                when said.state = 'granted' then holders.grants_from
                else holders.refusals_from
            end <= said.effective_at

),

ordered as (

    select
        *,
        lead(effective_at, 1, {{ end_of_time() }}) over (
            partition by subject_key, holder_id, holder_type, purpose, channel
            order by
                effective_at asc, strictness asc, lapses_at desc, received_at asc, event_id asc
        ) as next_at,
        max(case when is_sticky then effective_at end) over (
            partition by subject_key, holder_id, holder_type, purpose, channel
            order by
                effective_at asc, strictness asc, lapses_at desc, received_at asc, event_id asc
            rows between unbounded preceding and current row
        ) as objected_at,
        max(case when is_personal_grant then effective_at end) over (
            partition by subject_key, holder_id, holder_type, purpose, channel
            order by
                effective_at asc, strictness asc, lapses_at desc, received_at asc, event_id asc
            rows between unbounded preceding and current row
        ) as personal_grant_at

    from events

),

judged as (

    select
        *,
        state <> 'denied'
        and objected_at is not null
        and (personal_grant_at is null or personal_grant_at <= objected_at) as is_overruled

    from ordered

),

intervals as (

    select
        holder_type,
        holder_id,
        subject_key,
        purpose,
        channel,
        case when is_overruled then 'denied' else state end as state,
        case when state = 'denied' then null else state end as lifted_state,
        case when is_overruled then 'object' else action end as reason,
        case
            when is_overruled then objected_at
            when state = 'denied' then effective_at
        end as denied_at,
        case when is_personal_grant then effective_at end as personal_grant_at,
        effective_at as valid_from,
        case
            when is_overruled or state <> 'granted' then next_at
            else least(next_at, lapses_at, held_until)
        end as valid_to,
        case
            when state <> 'granted' then next_at
            else least(next_at, lapses_at, held_until)
        end as lifted_until,
        holder_state

    from judged

),

lasting as (

    select * from intervals
    where valid_from < valid_to

)

select * from lasting
