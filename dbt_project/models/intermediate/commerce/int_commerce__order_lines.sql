with

lines as (

    {{ union_all(
        ['int_commerce__shopify_order_lines', 'int_commerce__pos_order_lines'],
        [
            'order_line_id', 'order_id', 'product_id', 'variant_id', 'sku', 'product_type',
            'quantity', 'unit_price_amount', 'discount_amount',
        ]
    ) }}

),

orders as (

    select * from {{ ref('int_commerce__orders') }}

),

given_back as (

    {{ union_all(
        ['int_commerce__shopify_refund_lines', 'int_commerce__pos_refund_lines'],
        ['refund_id', 'order_line_id', 'quantity', 'amount']
    ) }}

),

refunded as (

    select
        order_line_id,
        cast(sum(quantity) as int) as refunded_quantity,
        cast(sum(amount) as {{ t_money() }}) as refunded_amount

    from given_back

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
        lines.product_type,
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
        cast(coalesce(refunded.refunded_amount, 0) as {{ t_money() }}) as refunded_amount,
        orders.is_counted,
        orders.ordered_at

    from lines

    inner join orders
        on lines.order_id = orders.order_id

    left join refunded
        on lines.order_line_id = refunded.order_line_id

)

select * from priced
