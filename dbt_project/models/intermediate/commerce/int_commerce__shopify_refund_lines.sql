{{ config(materialized='view') }}

with

refund_lines as (

    select * from {{ ref('stg_shopify__refund_lines') }}

),

shaped as (

    select
        refund_id,
        order_line_id,
        quantity,
        amount

    from refund_lines

)

select * from shaped
