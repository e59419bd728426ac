{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='inventory_day_id',
    on_schema_change='append_new_columns',
    full_refresh=false
) }}

-- The shop tells only today's level, so each run keeps its day; the table is never rebuilt.
with

levels as (

    select * from {{ ref('stg_shopify__inventory_levels') }}

),

variants as (

    select * from {{ ref('stg_shopify__product_variants') }}

),

products as (

    select * from {{ ref('stg_shopify__products') }}

),

lines as (

    select * from {{ ref('int_commerce__order_lines') }}

),

rules as (

    select
        {{ as_of() }} as as_of,
        {{ local_date(as_of(), setting_text('business_time_zone')) }} as today

),

sold as (

    select
        lines.variant_id,
        cast(sum(lines.quantity) as int) as sold_30d_quantity

    from lines

    cross join rules

    where lines.is_counted and lines.ordered_at > {{ ts_add('day', '-30', 'rules.as_of') }}

    group by lines.variant_id

),

dated as (

    select
        {{ surrogate_key(['rules.today', 'levels.inventory_item_id', 'levels.location_id']) }}
            as inventory_day_id,
        rules.today as inventory_date,
        levels.inventory_item_id,
        levels.location_id,
        levels.variant_id,
        variants.product_id,
        variants.sku,
        products.product_type,
        cast(levels.available as int) as available_quantity,
        coalesce(sold.sold_30d_quantity, 0) as sold_30d_quantity,
        coalesce(levels.available, 0) <= 0 as is_stocked_out,
        levels.updated_at

    from levels

    cross join rules

    left join variants
        on levels.variant_id = variants.variant_id

    left join products
        on variants.product_id = products.product_id

    left join sold
        on levels.variant_id = sold.variant_id

)

select * from dated
