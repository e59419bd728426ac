{{ config(group='privacy', indexes=[{'columns': ['subject_key']}]) }}

{# The one reading of the ledger that everything below stands on: a withdrawal committed while
   the models run is either in all of them or suppressed live in every sendable view. #}

with

events as (

    select * from {{ source('consent', 'events') }}

),

live as (

    select
        seq,
        event_id,
        subject_key,
        subject_scope,
        purpose,
        channel,
        action,
        kind,
        legal_basis,
        jurisdiction,
        age_band,
        source,
        capture_method,
        notice_version,
        is_authenticated,
        occurred_at,
        received_at,
        expires_at,
        recorded_at

    from events

    where redaction_id is null and action <> 'redact'

)

select * from live
