{{ config(materialized='view') }}

with

judged as (

    select * from {{ ref('int_commerce__fulfilments') }}

),

chosen as (

    select
        fulfilment_id,
        order_id,
        person_id,
        fulfilment_status,
        delivery_state,
        is_test,
        shipped_at,
        promised_delivery_at,
        delivered_at

    from judged

)

select * from chosen
