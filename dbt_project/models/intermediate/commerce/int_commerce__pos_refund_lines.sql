{{ config(materialized='view') }}

-- A return names the receipt it takes back, not the line: the first line with the same goods.
with

returns as (

    select *

    from {{ ref('stg_files__pos_sales') }}

    where lower(kind) = 'return'

),

lines as (

    select * from {{ ref('stg_files__pos_sale_lines') }}

),

sold as (

    select
        receipt_id,
        sku,
        min(line_number) as line_number

    from lines

    group by receipt_id, sku

),

shaped as (

    select
        returns.receipt_id as refund_id,
        sold.receipt_id || '-' || cast(sold.line_number as {{ t_text() }}) as order_line_id,
        cast(sum(-lines.quantity) as bigint) as quantity,
        cast(
            sum(-lines.quantity * lines.unit_price_amount + coalesce(lines.discount_amount, 0))
            as {{ t_money() }}
        ) as amount

    from returns

    inner join lines
        on returns.receipt_id = lines.receipt_id

    inner join sold
        on returns.original_receipt_id = sold.receipt_id and lines.sku = sold.sku

    group by returns.receipt_id, sold.receipt_id, sold.line_number

)

select * from shaped
