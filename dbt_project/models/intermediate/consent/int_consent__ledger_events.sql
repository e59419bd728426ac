{{ config(
    group='privacy',
    materialized='incremental',
    incremental_strategy='append',
    unique_key='seq',
    on_schema_change='fail',
    indexes=[{'columns': ['seq'], 'unique': true}, {'columns': ['subject_key']}],
    post_hook="{{ forget_redacted(source('consent', 'events')) if is_incremental() }}"
) }}

{# The one reading of the ledger that everything below stands on: a withdrawal committed while
   the models run is either in all of them or suppressed live in every sendable view. The ledger
   only grows, in the order of *seq*; a redaction is the one change there is. #}

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

    where
        redaction_id is null
        and action <> 'redact'
        {% if is_incremental() -%}
            and seq > (select coalesce(max(known.seq), 0) from {{ this }} as known)
        {%- endif %}

)

select * from live
