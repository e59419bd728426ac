with

refunds as (

    {{ union_all(
        ['int_commerce__shopify_refunds', 'int_commerce__pos_refunds'],
        ['refund_id', 'order_id', 'source_system', 'currency', 'amount', 'refunded_at']
    ) }}

),

orders as (

    select * from {{ ref('int_commerce__orders') }}

),

rates as (

    select * from {{ ref('int_commerce__rates') }}

),

rules as (

    select {{ setting_text('business_time_zone') }} as time_zone

),

given_back as (

    {{ union_all(
        ['int_commerce__shopify_refund_lines', 'int_commerce__pos_refund_lines'],
        ['refund_id', 'order_line_id', 'quantity', 'amount']
    ) }}

),

returned as (

    select
        refund_id,
        cast(sum(quantity) as int) as returned_quantity

    from given_back

    group by refund_id

),

localised as (

    select
        refunds.refund_id,
        orders.order_id,
        orders.person_id,
        refunds.currency,
        cast(refunds.amount as {{ t_money() }}) as refund_amount,
        orders.is_test,
        {{ local_date('refunds.refunded_at', 'rules.time_zone') }} as refunded_date,
        orders.ordered_at,
        refunds.refunded_at

    from refunds

    cross join rules

    inner join orders
        on refunds.order_id = orders.order_id

),

rated as (

    select
        localised.refund_id,
        localised.order_id,
        localised.person_id,
        localised.currency,
        rates.reporting_currency,
        coalesce(returned.returned_quantity, 0) as returned_quantity,
        localised.refund_amount,
        cast(localised.refund_amount * rates.rate as {{ t_money() }})
            as reporting_refund_amount,
        localised.is_test,
        localised.refunded_date,
        localised.ordered_at,
        localised.refunded_at

    from localised

    left join returned
        on localised.refund_id = returned.refund_id

    left join rates
        on
            localised.currency = rates.currency
            and localised.refunded_date >= rates.valid_from
            and localised.refunded_date < rates.valid_to

)

select * from rated
