{{ config(materialized='view') }}

-- Source records as documents, so that a trait may name any column or any unmodelled key.
with

contacts as (

    select * from {{ ref('stg_hubspot__contacts') }}

),

customers as (

    select * from {{ ref('stg_shopify__customers') }}

),

stacked as (

    select
        'hubspot_contacts' as source,
        'hubspot' as source_system,
        hubspot_contact_id as record_id,
        {{ row_json('contacts') }} as document,
        cast(extra as {{ t_text() }}) as extra,
        updated_at
    from contacts

    union all

    select
        'shopify_customers' as source,
        'shopify' as source_system,
        shopify_customer_id as record_id,
        {{ row_json('customers') }} as document,
        cast(extra as {{ t_text() }}) as extra,
        updated_at
    from customers

)

select * from stacked
