{{ config(materialized='view', tags=['observe'], group='privacy') }}

{# Each change of a browser's answers, and its opt-out signal each time it appears. Bots answer
   nothing; a browser that refuses analytics arrives without an id, so nothing is known of it. #}

{% set signals = {
    'analytics_storage': 'google_consent_mode',
    'ad_storage': 'google_consent_mode',
    'ad_user_data': 'google_consent_mode',
    'ad_personalization': 'google_consent_mode',
    'sec_gpc': 'gpc',
} %}

with

consents as (

    select * from {{ ref('stg_matomo__consents') }}

),

mappings as (

    select * from {{ ref('consent_mappings') }}

),

purposes as (

    select * from {{ ref('purposes') }}

),

answered as (

    select
        *,
        case when has_gpc then '1' else '0' end as sec_gpc

    from consents

    where subject_key is not null and not coalesce(is_bot, false)

),

compared as (

    select
        subject_key,
        visit_id,
        country_code,
        {% for signal in signals -%}
            {{ signal }},
            lag({{ signal }}) over in_time as previous_{{ signal }},
        {% endfor -%}
        occurred_at,
        received_at

    from answered

    window in_time as (partition by subject_key order by occurred_at, visit_id)

),

changed as (

    {% for signal, system in signals.items() %}
        select
            subject_key,
            visit_id,
            country_code,
            '{{ system }}' as system,
            '{{ signal }}' as field,
            {{ signal }} as value,
            occurred_at,
            received_at

        from compared

        where previous_{{ signal }} is null or {{ signal }} <> previous_{{ signal }}

        {{ 'union all' if not loop.last }}
    {% endfor %}

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
