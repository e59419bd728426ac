{{ config(materialized='view') }}

with

keyed as (

    select * from {{ ref('int_commerce__orders') }}

),

chosen as (

    select
        order_id,
        person_id,
        source_system,
        sales_channel,
        financial_status,
        fulfillment_status as fulfilment_status,
        country_code,
        campaign_source,
        campaign_medium,
        campaign_name,
        currency,
        reporting_currency,
        reporting_rate,
        person_order_number,
        subtotal_amount,
        discount_amount,
        shipping_amount,
        tax_amount,
        total_amount,
        net_amount,
        reporting_net_amount,
        reporting_total_amount,
        is_counted,
        is_test,
        ordered_date,
        ordered_at,
        cancelled_at,
        updated_at

    from keyed

)

select * from chosen
