with

fulfilments as (

    select * from {{ ref('stg_shopify__fulfillments') }}

),

orders as (

    select * from {{ ref('int_commerce__orders') }}

),

rules as (

    select
        {{ as_of() }} as as_of,
        {{ setting('late_delivery_grace_hours') }} as grace_hours

),

due as (

    select
        fulfilments.fulfillment_id as fulfilment_id,
        orders.order_id,
        orders.person_id,
        lower(fulfilments.status) as fulfilment_status,
        orders.is_test,
        fulfilments.created_at as shipped_at,
        fulfilments.promised_delivery_at,
        fulfilments.delivered_at,
        {{ ts_add('hour', 'rules.grace_hours', 'fulfilments.promised_delivery_at') }}
            as late_from,
        rules.as_of

    from fulfilments

    cross join rules

    inner join orders
        on fulfilments.shopify_order_id = orders.order_id

),

judged as (

    select
        fulfilment_id,
        order_id,
        person_id,
        fulfilment_status,
        case
            when fulfilment_status in ('cancelled', 'error', 'failure') then 'cancelled'
            when delivered_at > late_from then 'delivered_late'
            when delivered_at is not null then 'delivered'
            when as_of > late_from then 'overdue'
            else 'on_the_way'
        end as delivery_state,
        {{ days_between('promised_delivery_at', 'coalesce(delivered_at, as_of)') }}
            as days_after_promise,
        is_test,
        shipped_at,
        promised_delivery_at,
        delivered_at,
        late_from

    from due

)

select * from judged
