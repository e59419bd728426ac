{{ config(materialized='view') }}

with

orders as (

    select * from {{ ref('stg_shopify__orders') }}

),

shaped as (

    select
        shopify_order_id as order_id,
        'shopify' as source_system,
        subject_key,
        order_key,
        sales_channel,
        lower(financial_status) as financial_status,
        lower(fulfillment_status) as fulfillment_status,
        country_code,
        referrer_host,
        utm_source as campaign_source,
        utm_medium as campaign_medium,
        utm_campaign as campaign_name,
        currency,
        subtotal_amount,
        discount_amount,
        shipping_amount,
        tax_amount,
        total_amount,
        coalesce(is_test, false) as is_test,
        ordered_at,
        cancelled_at,
        updated_at

    from orders

)

select * from shaped
