{{ config(materialized='view') }}

-- The tills sell the shop's goods: the stock keeping unit tells product and variant.
with

lines as (

    select * from {{ ref('stg_files__pos_sale_lines') }}

),

variants as (

    select
        sku,
        min(variant_id) as variant_id,
        min(product_id) as product_id

    from {{ ref('stg_shopify__product_variants') }}

    where sku is not null

    group by sku

),

products as (

    select * from {{ ref('stg_shopify__products') }}

),

shaped as (

    select
        lines.receipt_id || '-' || cast(lines.line_number as {{ t_text() }}) as order_line_id,
        lines.receipt_id as order_id,
        variants.product_id,
        variants.variant_id,
        lines.sku,
        products.product_type,
        lines.quantity,
        lines.unit_price_amount,
        lines.discount_amount

    from lines

    left join variants
        on lines.sku = variants.sku

    left join products
        on variants.product_id = products.product_id

)

select * from shaped
