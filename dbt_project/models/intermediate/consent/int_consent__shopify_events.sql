{{ config(materialized='view', tags=['observe'], group='privacy') }}

{# Marketing states of addresses and numbers, and the account's opt-out of the sale of its data,
   which has no date and whose absence says nothing. The shop keeps a marketing state when the
   customer's address changes, and its date: a grant older than the record's last change counts
   only where an order of its time shows the address it was given for. Otherwise it waits, like one
   unconfirmed. A refusal may have been said about an address that the record had before: it counts
   for every address that the account's orders show. #}

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

sources as (

    select * from {{ ref('consent_sources') }}
    where source = 'shopify'

),

shown_on_orders as (

    select
        shopify_customer_id,
        'shopify_email' as system,
        email_key as subject_key,
        min(ordered_at) as first_shown_at

    from {{ ref('stg_shopify__orders') }}

    where email_key is not null

    group by shopify_customer_id, email_key

    union all

    select
        shopify_customer_id,
        'shopify_sms' as system,
        phone_key as subject_key,
        min(ordered_at) as first_shown_at

    from {{ ref('stg_shopify__orders') }}

    where phone_key is not null

    group by shopify_customer_id, phone_key

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

    union all

    select
        subject_key,
        'shopify_privacy' as system,
        'true' as value,
        null as opt_in_level,
        null as occurred_at,
        shopify_customer_id,
        country_code,
        region_code,
        age_band,
        updated_at

    from customers

    where has_data_sale_opt_out

),

proven as (

    select
        states.*,
        sources.address_proof_hours is null
        or states.updated_at <= states.occurred_at
        or coalesce(
            shown_on_orders.first_shown_at
            <= {{ ts_add('hour', 'sources.address_proof_hours', 'states.occurred_at') }},
            false
        ) as is_proven,
        false as is_former

    from states

    cross join sources

    left join shown_on_orders
        on
            states.shopify_customer_id = shown_on_orders.shopify_customer_id
            and states.subject_key = shown_on_orders.subject_key

    union all

    select
        shown_on_orders.subject_key,
        states.system,
        states.value,
        states.opt_in_level,
        states.occurred_at,
        states.shopify_customer_id,
        states.country_code,
        states.region_code,
        states.age_band,
        states.updated_at,
        false as is_proven,
        true as is_former

    from states

    inner join shown_on_orders
        on
            states.shopify_customer_id = shown_on_orders.shopify_customer_id
            and states.system = shown_on_orders.system
            and states.subject_key <> shown_on_orders.subject_key

),

shaped as (

    select
        proven.subject_key,
        mappings.subject_scope,
        mappings.purpose,
        purposes.channel,
        case
            when mappings.action = 'grant' and not proven.is_proven then 'pending'
            when
                mappings.action = 'grant' and proven.opt_in_level = 'CONFIRMED_OPT_IN'
                then 'confirm'
            else mappings.action
        end as action,
        'state_observation' as kind,
        mappings.legal_basis,
        {{ consent_jurisdiction('proven.country_code', 'proven.region_code') }} as jurisdiction,
        'shop_address' as jurisdiction_source,
        proven.age_band,
        'shopify' as source,
        proven.shopify_customer_id as source_key,
        mappings.field || ':' || proven.shopify_customer_id as capture_method,
        proven.occurred_at,
        proven.updated_at as received_at

    from proven

    inner join mappings
        on
            proven.system = mappings.system
            and proven.value = mappings.value

    inner join purposes
        on mappings.purpose = purposes.purpose

    where not proven.is_former or mappings.action in ('deny', 'withdraw', 'object')

),

observed as (

    {{ consent_observations('shaped', 'shopify') }}

)

select * from observed
