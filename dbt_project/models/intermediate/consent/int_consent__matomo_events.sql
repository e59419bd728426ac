{{ config(materialized='view', tags=['observe'], group='privacy') }}

{# Each change of a browser's answers, and its opt-out signal each time it appears. Bots answer
   nothing; a browser that refuses analytics arrives without an id, so nothing is known of it. #}

with

consents as (

    select * from {{ ref('stg_matomo__consents') }}

),

visits as (

    select * from {{ ref('stg_matomo__visits') }}

),

mappings as (

    select * from {{ ref('consent_mappings') }}

),

purposes as (

    select * from {{ ref('purposes') }}

),

answered as (

    select
        consents.*,
        visits.country_code

    from consents

    inner join visits
        on consents.visit_id = visits.visit_id

    where consents.subject_key is not null and not coalesce(visits.is_bot, false)

),

signals as (

    {% for signal in ['analytics_storage', 'ad_storage', 'ad_user_data', 'ad_personalization'] %}
        select
            subject_key,
            visit_id,
            country_code,
            'google_consent_mode' as system,
            '{{ signal }}' as field,
            {{ signal }} as value,
            occurred_at,
            received_at

        from answered

        union all
    {% endfor %}
    select
        subject_key,
        visit_id,
        country_code,
        'gpc' as system,
        'sec_gpc' as field,
        case when has_gpc then '1' else '0' end as value,
        occurred_at,
        received_at

    from answered

),

compared as (

    select
        *,
        lag(value) over (
            partition by subject_key, field order by occurred_at, visit_id
        ) as previous_value

    from signals

),

changed as (

    select *

    from compared

    where previous_value is null or value <> previous_value

),

shaped as (

    select
        changed.subject_key,
        mappings.subject_scope,
        mappings.purpose,
        purposes.channel,
        mappings.action,
        'state_observation' as kind,
        mappings.legal_basis,
        {{ consent_jurisdiction('changed.country_code', "cast(null as " ~ t_text() ~ ")") }}
            as jurisdiction,
        'visit_country' as jurisdiction_source,
        cast(null as {{ t_text() }}) as age_band,
        'matomo' as source,
        changed.visit_id as source_key,
        changed.field as capture_method,
        changed.occurred_at,
        changed.received_at

    from changed

    inner join mappings
        on
            changed.system = mappings.system
            and changed.field = mappings.field
            and changed.value = mappings.value

    inner join purposes
        on mappings.purpose = purposes.purpose

),

observed as (

    {{ consent_observations('shaped', 'matomo') }}

)

select * from observed
