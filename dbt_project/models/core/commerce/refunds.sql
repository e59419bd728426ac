{{ config(materialized='view') }}

with

rated as (

    select * from {{ ref('int_commerce__refunds') }}

),

chosen as (

    select
        refund_id,
        order_id,
        person_id,
        currency,
        reporting_currency,
        returned_quantity,
        refund_amount,
        reporting_refund_amount,
        is_test,
        refunded_date,
        ordered_at,
        refunded_at

    from rated

)

select * from chosen
