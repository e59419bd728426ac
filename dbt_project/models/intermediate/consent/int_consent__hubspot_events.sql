{{ config(materialized='view', tags=['observe'], group='privacy') }}

with

statuses as (

    select * from {{ ref('stg_hubspot__subscription_statuses') }}

),

contacts as (

    select * from {{ ref('stg_hubspot__contacts') }}

),

mappings as (

    select * from {{ ref('consent_mappings') }}
    where system = 'hubspot_subscription'

),

legal_bases as (

    select * from {{ ref('consent_legal_bases') }}
    where system = 'hubspot'

),

purposes as (

    select * from {{ ref('purposes') }}

),

mapped as (

    select
        statuses.subject_key,
        mappings.subject_scope,
        mappings.purpose,
        mappings.action,
        coalesce(legal_bases.legal_basis, mappings.legal_basis) as legal_basis,
        contacts.country_code,
        contacts.region,
        contacts.age_band,
        statuses.hubspot_contact_id || ':' || statuses.subscription_id as source_key,
        'subscription:' || statuses.subscription_id as capture_method,
        statuses.status_at as occurred_at,
        statuses.observed_at as received_at

    from statuses

    inner join mappings
        on
            statuses.status = mappings.value
            and (
                statuses.subscription_name = mappings.field
                or (
                    mappings.field = '*'
                    and statuses.subscription_name not in (
                        select named.field from mappings as named
                    )
                )
            )

    left join legal_bases
        on statuses.legal_basis = legal_bases.value

    left join contacts
        on statuses.hubspot_contact_id = contacts.hubspot_contact_id

    where statuses.subject_key is not null

),

shaped as (

    select
        mapped.subject_key,
        mapped.subject_scope,
        mapped.purpose,
        purposes.channel,
        mapped.action,
        'state_observation' as kind,
        mapped.legal_basis,
        {{ consent_jurisdiction('mapped.country_code', 'mapped.region') }} as jurisdiction,
        'crm_country' as jurisdiction_source,
        mapped.age_band,
        'hubspot' as source,
        mapped.source_key,
        mapped.capture_method,
        mapped.occurred_at,
        mapped.received_at

    from mapped

    inner join purposes
        on mapped.purpose = purposes.purpose

),

observed as (

    {{ consent_observations('shaped', 'hubspot') }}

)

select * from observed
