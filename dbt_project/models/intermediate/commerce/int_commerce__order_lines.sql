with

lines as (

    select * from {{ ref('stg_shopify__order_lines') }}

),

orders as (

    select * from {{ ref('int_commerce__orders') }}

),

products as (

    select * from {{ ref('stg_shopify__products') }}

),

refunded as (

    select
        order_line_id,
        cast(sum(quantity) as int) as refunded_quantity,
        cast(sum(amount) as {{ t_money() }}) as refunded_amount

    from {{ ref('stg_shopify__refund_lines') }}

    group by order_line_id

),

priced as (

    select
        lines.order_line_id,
        orders.order_id,
        orders.person_id,
        lines.product_id,
        lines.variant_id,
        lines.sku,
        products.product_type,
        orders.currency,
        cast(lines.quantity as int) as quantity,
        coalesce(refunded.refunded_quantity, 0) as refunded_quantity,
        cast(lines.unit_price_amount as {{ t_money() }}) as unit_price_amount,
        cast(lines.discount_amount as {{ t_money() }}) as discount_amount,
        cast(
            lines.quantity * lines.unit_price_amount - coalesce(lines.discount_amount, 0)
            as {{ t_money() }}
        ) as net_amount,
        cast(
            (lines.quantity * lines.unit_price_amount - coalesce(lines.discount_amount, 0))
            * orders.reporting_rate
            as {{ t_money() }}
        ) as reporting_net_amount,
        coalesce(refunded.refunded_amount, 0) as refunded_amount,
        orders.is_counted,
        orders.ordered_at

    from lines

    inner join orders
        on lines.shopify_order_id = orders.order_id

    left join products
        on lines.product_id = products.product_id

    left join refunded
        on lines.order_line_id = refunded.order_line_id

)

select * from priced
