{{ config(group='privacy', materialized='view') }}

{# The events that count, and when each lapses. A grant by someone too young, or for a purpose that
   the notice shown did not name, is none; an implied basis needs a term, by policy or its own. #}

with

classified as (

    select * from {{ ref('int_consent__classified_events') }}

),

policies as (

    select * from {{ ref('int_consent__policies') }}

),

termed as (

    select
        classified.*,
        case
            when classified.state <> 'granted' then null
            when classified.is_implied then policies.implied_validity_days
            else policies.validity_days
        end as term_days

    from classified

    inner join policies
        on
            classified.policy_jurisdiction = policies.jurisdiction
            and classified.purpose = policies.purpose

    where
        classified.effective_at is not null
        and (
            classified.state <> 'granted'
            or (
                not coalesce(classified.is_outside_notice, false)
                and (
                    classified.lowest_age is null
                    or classified.lowest_age >= policies.minimum_age
                    or classified.legal_basis = 'parental'
                )
                and (
                    not classified.is_implied
                    or policies.implied_validity_days is not null
                    or classified.expires_at is not null
                )
            )
        )

),

timed as (

    select
        seq,
        event_id,
        subject_key,
        purpose,
        action,
        kind,
        state,
        strictness,
        source,
        capture_method,
        is_sticky,
        is_implied,
        is_personal_grant,
        effective_at,
        received_at,
        case
            when state <> 'granted' then {{ end_of_time() }}
            else least(
                coalesce(expires_at, {{ end_of_time() }}),
                case
                    when term_days is null then {{ end_of_time() }}
                    else {{ ts_add('day', 'term_days', 'effective_at') }}
                end
            )
        end as lapses_at

    from termed

)

select * from timed
