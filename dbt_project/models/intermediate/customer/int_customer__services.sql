with

refunds as (

    select
        person_id,
        cast(count(*) as int) as refund_count,
        cast(sum(returned_quantity) as int) as returned_quantity,
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

joined as (

    select
        coalesce(refunds.person_id, fulfilments.person_id) as person_id,
        coalesce(refunds.refund_count, 0) as refund_count,
        coalesce(refunds.returned_quantity, 0) as returned_quantity,
        coalesce(fulfilments.late_delivery_count, 0) as late_delivery_count,
        coalesce(fulfilments.overdue_delivery_count, 0) as overdue_delivery_count,
        coalesce(fulfilments.open_delivery_count, 0) as open_delivery_count,
        refunds.refund_amount,
        refunds.last_refund_at,
        fulfilments.last_delivery_at

    from refunds

    full outer join fulfilments
        on refunds.person_id = fulfilments.person_id

)

select * from joined
