{{ config(materialized='view') }}

-- Dated facts that already know their person.
with

sessions as (

    select *

    from {{ ref('int_journey__sessions_attributed') }}

    where not is_excluded

),

orders as (

    select *

    from {{ ref('int_commerce__orders') }}

    where is_counted

),

deals as (

    select * from {{ ref('int_sales__opportunities') }}

),

members as (

    select * from {{ ref('int_sales__buying_groups') }}

),

opportunities as (

    select
        deals.opportunity_id,
        deals.source_system,
        deals.outcome,
        deals.reporting_amount,
        deals.created_at,
        deals.close_at,
        members.person_id,
        deals.person_id = members.person_id as is_leading

    from deals

    inner join members
        on deals.opportunity_id = members.opportunity_id

),

fulfilments as (

    select *

    from {{ ref('int_commerce__fulfilments') }}

    where not is_test

),

stacked as (

    select
        'session_started' as signal,
        source_system,
        session_id as reference_id,
        person_id,
        cast(null as {{ t_money() }}) as reporting_amount,
        started_at as occurred_at
    from sessions

    union all

    select
        'session_engaged' as signal,
        source_system,
        session_id as reference_id,
        person_id,
        null as reporting_amount,
        started_at as occurred_at
    from sessions
    where is_engaged

    union all

    select
        'order_placed' as signal,
        source_system,
        order_id as reference_id,
        person_id,
        reporting_net_amount as reporting_amount,
        ordered_at as occurred_at
    from orders

    union all

    select
        'store_order_placed' as signal,
        source_system,
        order_id as reference_id,
        person_id,
        reporting_net_amount as reporting_amount,
        ordered_at as occurred_at
    from orders
    where sales_channel = 'pos'

    union all

    select
        'order_refunded' as signal,
        'shopify' as source_system,
        refund_id as reference_id,
        person_id,
        reporting_refund_amount as reporting_amount,
        refunded_at as occurred_at
    from {{ ref('int_commerce__refunds') }}
    where not is_test

    union all

    select
        'delivery_late' as signal,
        'shopify' as source_system,
        fulfilment_id as reference_id,
        person_id,
        null as reporting_amount,
        late_from as occurred_at
    from fulfilments
    where delivery_state in ('delivered_late', 'overdue')

    union all

    select
        'delivery_received' as signal,
        'shopify' as source_system,
        fulfilment_id as reference_id,
        person_id,
        null as reporting_amount,
        delivered_at as occurred_at
    from fulfilments

    union all

    select
        case when is_leading then 'opportunity_opened' else 'buying_group_joined' end as signal,
        source_system,
        opportunity_id as reference_id,
        person_id,
        null as reporting_amount,
        created_at as occurred_at
    from opportunities

    union all

    select
        case outcome when 'won' then 'opportunity_won' else 'opportunity_lost' end as signal,
        source_system,
        opportunity_id as reference_id,
        person_id,
        case when outcome = 'won' then reporting_amount end as reporting_amount,
        close_at as occurred_at
    from opportunities
    where outcome in ('won', 'lost') and is_leading

),

dated as (

    select *

    from stacked

    where occurred_at is not null and person_id is not null

)

select * from dated
