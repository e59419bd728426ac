{{ config(indexes=[{'columns': ['order_id'], 'unique': true}]) }}

with

vendors as (

    {{ union_all(
        ['int_commerce__shopify_orders', 'int_commerce__pos_orders'],
        [
            'order_id', 'source_system', 'subject_key', 'order_key', 'sales_channel',
            'financial_status', 'fulfillment_status', 'country_code', 'referrer_host',
            'campaign_source', 'campaign_medium', 'campaign_name', 'currency',
            'subtotal_amount', 'discount_amount', 'shipping_amount', 'tax_amount',
            'total_amount', 'is_test', 'ordered_at', 'cancelled_at', 'updated_at',
        ]
    ) }}

),

links as (

    select * from {{ ref('int_identity__person_links') }}

),

rates as (

    select * from {{ ref('int_commerce__rates') }}

),

rules as (

    select {{ setting_text('business_time_zone') }} as time_zone

),

localised as (

    select
        vendors.*,
        {{ local_date('vendors.ordered_at', 'rules.time_zone') }} as ordered_date,
        vendors.cancelled_at is null and not vendors.is_test as is_counted,
        vendors.subtotal_amount as net_amount

    from vendors

    cross join rules

),

keyed as (

    select
        localised.*,
        links.person_id,
        rates.reporting_currency,
        rates.rate as reporting_rate,
        cast(localised.net_amount * rates.rate as {{ t_money() }})
            as reporting_net_amount,
        cast(localised.total_amount * rates.rate as {{ t_money() }})
            as reporting_total_amount

    from localised

    left join links
        on
            localised.subject_key = links.subject_key
            and localised.ordered_at >= links.valid_from
            and localised.ordered_at < links.valid_to

    left join rates
        on
            localised.currency = rates.currency
            and localised.ordered_date >= rates.valid_from
            and localised.ordered_date < rates.valid_to

),

numbered as (

    select
        keyed.*,
        case
            when keyed.is_counted and keyed.person_id is not null then
                cast(row_number() over (
                    partition by keyed.person_id, keyed.is_counted
                    order by keyed.ordered_at asc, keyed.order_id asc
                ) as int)
        end as person_order_number,
        case
            when keyed.is_counted and keyed.person_id is not null then
                lag(keyed.ordered_at) over (
                    partition by keyed.person_id, keyed.is_counted
                    order by keyed.ordered_at asc, keyed.order_id asc
                )
        end as previous_ordered_at

    from keyed

)

select * from numbered
