{{ config(materialized='view') }}

with

returns as (

    select *

    from {{ ref('stg_files__pos_sales') }}

    where lower(kind) = 'return'

),

shaped as (

    select
        receipt_id as refund_id,
        original_receipt_id as order_id,
        'files' as source_system,
        currency,
        -total_amount as amount,
        sold_at as refunded_at

    from returns

)

select * from shaped
