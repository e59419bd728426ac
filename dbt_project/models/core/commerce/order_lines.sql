{{ config(materialized='view') }}

with

priced as (

    select * from {{ ref('int_commerce__order_lines') }}

),

chosen as (

    select
        order_line_id,
        order_id,
        person_id,
        product_id,
        variant_id,
        sku,
        product_type,
        currency,
        quantity,
        refunded_quantity,
        unit_price_amount,
        discount_amount,
        net_amount,
        reporting_net_amount,
        refunded_amount,
        is_counted,
        ordered_at

    from priced

)

select * from chosen
