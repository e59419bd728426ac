{{ config(materialized='view', tags=['observe'], group='privacy') }}

{# Each marketing status of an address. A subscription type that no mapping names can refuse
   but not permit; nor does an address permit anything that its contact is not known by any more. #}

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

named_types as (

    select distinct field from mappings
    where field <> '*'

),

placed as (

    select
        statuses.subject_key,
        statuses.hubspot_contact_id,
        statuses.subscription_id,
        statuses.status,
        statuses.status_at,
        statuses.observed_at,
        coalesce(named_types.field, '*') as field,
        legal_bases.legal_basis,
        contacts.country_code,
        contacts.region,
        contacts.age_band,
        contacts.email_key <> statuses.subject_key as is_former

    from statuses

    left join named_types
        on statuses.subscription_name = named_types.field

    left join legal_bases
        on statuses.legal_basis = legal_bases.value

    left join contacts
        on statuses.hubspot_contact_id = contacts.hubspot_contact_id

    where statuses.subject_key is not null

),

shaped as (

    select
        placed.subject_key,
        mappings.subject_scope,
        mappings.purpose,
        purposes.channel,
        mappings.action,
        'state_observation' as kind,
        coalesce(placed.legal_basis, mappings.legal_basis) as legal_basis,
        {{ consent_jurisdiction('placed.country_code', 'placed.region') }} as jurisdiction,
        'crm_country' as jurisdiction_source,
        placed.age_band,
        'hubspot' as source,
        placed.hubspot_contact_id || ':' || placed.subscription_id as source_key,
        'subscription:' || placed.subscription_id as capture_method,
        placed.status_at as occurred_at,
        placed.observed_at as received_at

    from placed

    inner join mappings
        on
            placed.field = mappings.field
            and placed.status = mappings.value
            and (
                mappings.action not in ('grant', 'confirm')
                or not coalesce(placed.is_former, false)
            )

    inner join purposes
        on mappings.purpose = purposes.purpose

),

observed as (

    {{ consent_observations('shaped', 'hubspot') }}

)

select * from observed
