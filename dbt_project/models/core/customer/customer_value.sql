{{ config(materialized='view') }}

with

customer_values as (

    select * from {{ ref('int_customer__values') }}

),

chosen as (

    select
        person_id,
        rfm_segment,
        reporting_currency,
        order_count,
        refund_count,
        unconverted_order_count,
        unconverted_refund_count,
        recency_score,
        frequency_score,
        monetary_score,
        order_amount,
        refund_amount,
        net_order_amount,
        average_order_amount,
        average_gap_days,
        cohort_month,
        first_order_at,
        last_order_at

    from customer_values

)

select * from chosen
