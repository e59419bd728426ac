{{ config(materialized='view') }}

with

sales as (

    select *

    from {{ ref('stg_files__pos_sales') }}

    where lower(kind) = 'sale'

),

discounts as (

    select
        receipt_id,
        cast(sum(coalesce(discount_amount, 0)) as {{ t_money() }}) as discount_amount

    from {{ ref('stg_files__pos_sale_lines') }}

    group by receipt_id

),

shaped as (

    select
        sales.receipt_id as order_id,
        'files' as source_system,
        sales.subject_key,
        sales.order_key,
        'pos' as sales_channel,
        'paid' as financial_status,
        'fulfilled' as fulfillment_status,
        cast(null as {{ t_text() }}) as country_code,
        cast(null as {{ t_text() }}) as referrer_host,
        cast(null as {{ t_text() }}) as campaign_source,
        cast(null as {{ t_text() }}) as campaign_medium,
        cast(null as {{ t_text() }}) as campaign_name,
        sales.currency,
        sales.total_amount as subtotal_amount,
        cast(coalesce(discounts.discount_amount, 0) as {{ t_money() }}) as discount_amount,
        cast(0 as {{ t_money() }}) as shipping_amount,
        sales.tax_amount,
        sales.total_amount,
        false as is_test,
        sales.sold_at as ordered_at,
        cast(null as timestamp) as cancelled_at,
        sales.exported_at as updated_at

    from sales

    left join discounts
        on sales.receipt_id = discounts.receipt_id

)

select * from shaped
