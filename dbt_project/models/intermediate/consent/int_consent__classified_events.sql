{{ config(group='privacy', materialized='view') }}

{# Each event with what the rules say about it: the state it makes, the policy it stands under, and
   when it takes effect. An undated opt-in never does; an undated refusal does when received. #}

with

events as (

    select * from {{ ref('int_consent__ledger_events') }}

),

actions as (

    select * from {{ ref('consent_actions') }}
    where state <> 'redacted'

),

purposes as (

    select * from {{ ref('purposes') }}

),

regions as (

    select * from {{ ref('consent_jurisdictions') }}

),

countries as (

    select * from {{ ref('consent_jurisdictions') }}

),

notices as (

    select * from {{ ref('consent_notice_purposes') }}

),

classified as (

    select
        events.seq,
        events.event_id,
        events.subject_key,
        events.purpose,
        events.action,
        events.kind,
        events.legal_basis,
        events.source,
        events.capture_method,
        events.received_at,
        events.expires_at,
        actions.state,
        actions.strictness,
        actions.is_sticky,
        coalesce(regions.jurisdiction, countries.jurisdiction, '*') as policy_jurisdiction,
        actions.state = 'granted'
        and coalesce(events.legal_basis in (
            select bases.legal_basis from {{ ref('consent_legal_bases') }} as bases
            where bases.is_implied
        ), false) as is_implied,
        events.is_authenticated
        and events.subject_scope = 'person'
        and actions.state = 'granted' as is_personal_grant,
        cast({{ regex_extract('events.age_band', '^[0-9]+') }} as int) as lowest_age,
        notices.purpose is null
        and events.notice_version in (
            select known.notice_version from {{ ref('consent_notice_purposes') }} as known
        ) as is_outside_notice,
        case
            when events.occurred_at is not null and events.occurred_at < events.received_at
                then events.occurred_at
            when events.occurred_at is not null or actions.state <> 'granted'
                then events.received_at
        end as effective_at

    from events

    inner join actions
        on events.action = actions.action

    inner join purposes
        on
            events.purpose = purposes.purpose
            and (
                events.channel = purposes.channel
                or events.channel = 'any'
                or purposes.channel = 'any'
            )

    left join regions
        on events.jurisdiction = regions.jurisdiction

    left join countries
        on substr(events.jurisdiction, 1, 2) = countries.jurisdiction

    left join notices
        on
            events.notice_version = notices.notice_version
            and events.purpose = notices.purpose

)

select * from classified
