{{ config(materialized='view', tags=['observe'], group='privacy') }}

with

customers as (

    select * from {{ ref('stg_shopify__customers') }}

),

mappings as (

    select * from {{ ref('consent_mappings') }}

),

purposes as (

    select * from {{ ref('purposes') }}

),

states as (

    select
        email_key as subject_key,
        'shopify_email' as system,
        email_marketing_state as value,
        email_marketing_level as opt_in_level,
        email_marketing_at as occurred_at,
        shopify_customer_id,
        country_code,
        region_code,
        age_band,
        updated_at

    from customers

    where email_key is not null

    union all

    select
        phone_key as subject_key,
        'shopify_sms' as system,
        sms_marketing_state as value,
        sms_marketing_level as opt_in_level,
        sms_marketing_at as occurred_at,
        shopify_customer_id,
        country_code,
        region_code,
        age_band,
        updated_at

    from customers

    where phone_key is not null

),

shaped as (

    select
        states.subject_key,
        mappings.subject_scope,
        mappings.purpose,
        purposes.channel,
        case
            when
                mappings.action = 'grant' and states.opt_in_level = 'CONFIRMED_OPT_IN'
                then 'confirm'
            else mappings.action
        end as action,
        'state_observation' as kind,
        mappings.legal_basis,
        {{ consent_jurisdiction('states.country_code', 'states.region_code') }} as jurisdiction,
        'shop_address' as jurisdiction_source,
        states.age_band,
        'shopify' as source,
        states.shopify_customer_id as source_key,
        'marketing_state:' || states.shopify_customer_id as capture_method,
        states.occurred_at,
        states.updated_at as received_at

    from states

    inner join mappings
        on
            states.system = mappings.system
            and states.value = mappings.value

    inner join purposes
        on mappings.purpose = purposes.purpose

),

observed as (

    {{ consent_observations('shaped', 'shopify') }}

)

select * from observed
