with

orders as (

    select *

    from {{ ref('int_commerce__orders') }}

    where person_id is not null and is_counted

),

clock as (

    select {{ as_of() }} as as_of

),

summarised as (

    select
        orders.person_id,
        cast(count(*) as int) as order_count,
        cast(
            sum(case when orders.reporting_net_amount is null then 1 else 0 end) as int
        ) as unconverted_order_count,
        cast(
            sum(
                case
                    when orders.fulfillment_status in ('fulfilled', 'restocked') then 0
                    else 1
                end
            ) as int
        ) as open_order_count,
        cast(sum(orders.reporting_net_amount) as {{ t_money() }}) as order_amount,
        cast(
            sum(
                case
                    when orders.ordered_at > {{ ts_add('day', '-365', 'clock.as_of') }}
                        then orders.reporting_net_amount
                end
            ) as {{ t_money() }}
        ) as order_365d_amount,
        min(orders.ordered_at) as first_order_at,
        max(orders.ordered_at) as last_order_at

    from orders

    cross join clock

    group by orders.person_id

)

select * from summarised
