-- Every order of the shop: is it there, with its money, its cancellation and what was given back?
with

known as (

    select
        orders.order_id,
        orders.total_amount,
        orders.is_test,
        orders.ordered_at,
        orders.cancelled_at,
        coalesce(sum(refunds.refund_amount), 0) as refunded_amount

    from core.orders as orders

    left join core.refunds as refunds on orders.order_id = refunds.order_id

    where orders.source_system = 'shopify'

    group by
        orders.order_id,
        orders.total_amount,
        orders.is_test,
        orders.ordered_at,
        orders.cancelled_at

)

select
    count(truth.order_id) as orders,
    count(*) filter (where known.order_id is null) as missing,
    count(*) filter (where truth.order_id is null) as unknown_to_truth,
    count(*) filter (where known.total_amount <> truth.total_cents / 100.0) as other_total,
    count(*) filter (where known.refunded_amount <> truth.refunded_cents / 100.0) as other_refund,
    count(*) filter (where known.is_test <> truth.is_test) as other_test_mark,
    count(*) filter (where known.ordered_at <> truth.ordered_at) as other_time,
    count(*) filter (where (known.cancelled_at is null) <> (truth.cancelled_at is null))
        as other_cancellation,
    sum(truth.total_cents) / 100.0 as true_total,
    sum(known.total_amount) as total,
    sum(truth.refunded_cents) / 100.0 as true_refunded,
    sum(known.refunded_amount) as refunded

from true_orders as truth

full join known on truth.order_id = known.order_id
