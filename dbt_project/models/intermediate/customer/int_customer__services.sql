with

refunds as (

    select
        person_id,
        cast(count(*) as int) as refund_count,
        cast(sum(returned_quantity) as int) as returned_quantity,
        cast(sum(case when reporting_refund_amount is null then 1 else 0 end) as int)
            as unconverted_refund_count,
        cast(sum(reporting_refund_amount) as {{ t_money() }}) as refund_amount,
        max(refunded_at) as last_refund_at

    from {{ ref('int_commerce__refunds') }}

    where person_id is not null and not is_test

    group by person_id

),

fulfilments as (

    select
        person_id,
        cast(
            sum(case when delivery_state in ('delivered_late', 'overdue') then 1 else 0 end) as int
        ) as late_delivery_count,
        cast(sum(case when delivery_state = 'overdue' then 1 else 0 end) as int)
            as overdue_delivery_count,
        cast(sum(case when delivery_state = 'on_the_way' then 1 else 0 end) as int)
            as open_delivery_count,
        max(delivered_at) as last_delivery_at

    from {{ ref('int_commerce__fulfilments') }}

    where person_id is not null and not is_test

    group by person_id

),

returns as (

    select
        orders.person_id,
        cast(count(*) as int) as open_return_count

    from {{ ref('stg_shopify__returns') }} as requested

    inner join {{ ref('int_commerce__orders') }} as orders
        on requested.shopify_order_id = orders.order_id

    where
        orders.person_id is not null
        and not orders.is_test
        and upper(requested.status) in ('REQUESTED', 'OPEN')

    group by orders.person_id

),

people as (

    select person_id from refunds
    union
    select person_id from fulfilments
    union
    select person_id from returns

),

joined as (

    select
        people.person_id,
        coalesce(refunds.refund_count, 0) as refund_count,
        coalesce(refunds.unconverted_refund_count, 0) as unconverted_refund_count,
        coalesce(refunds.returned_quantity, 0) as returned_quantity,
        coalesce(returns.open_return_count, 0) as open_return_count,
        coalesce(fulfilments.late_delivery_count, 0) as late_delivery_count,
        coalesce(fulfilments.overdue_delivery_count, 0) as overdue_delivery_count,
        coalesce(fulfilments.open_delivery_count, 0) as open_delivery_count,
        refunds.refund_amount,
        refunds.last_refund_at,
        fulfilments.last_delivery_at

    from people

    left join refunds
        on people.person_id = refunds.person_id

    left join fulfilments
        on people.person_id = fulfilments.person_id

    left join returns
        on people.person_id = returns.person_id

)

select * from joined
