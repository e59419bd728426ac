{{ config(materialized='view') }}

with

refunds as (

    select * from {{ ref('stg_shopify__refunds') }}

),

shaped as (

    select
        refund_id,
        shopify_order_id as order_id,
        'shopify' as source_system,
        currency,
        amount,
        refunded_at

    from refunds

)

select * from shaped
