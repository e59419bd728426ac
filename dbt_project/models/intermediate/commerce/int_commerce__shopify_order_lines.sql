{{ config(materialized='view') }}

with

lines as (

    select * from {{ ref('stg_shopify__order_lines') }}

),

products as (

    select * from {{ ref('stg_shopify__products') }}

),

shaped as (

    select
        lines.order_line_id,
        lines.shopify_order_id as order_id,
        lines.product_id,
        lines.variant_id,
        lines.sku,
        products.product_type,
        lines.quantity,
        lines.unit_price_amount,
        lines.discount_amount

    from lines

    left join products
        on lines.product_id = products.product_id

)

select * from shaped
