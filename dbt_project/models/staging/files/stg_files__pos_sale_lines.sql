with

source as (

    select * from {{ source('raw_files', 'pos_sale_lines') }}

),

completed as (

    select load_id

    from {{ source('raw_files', '_dlt_loads') }}

    where status = 0

),

typed as (

    select
        -- ids
        cast(receipt_id as {{ t_text() }}) as receipt_id,

        -- strings
        cast(sku as {{ t_text() }}) as sku,

        -- numerics
        cast(line_number as bigint) as line_number,
        cast(quantity as bigint) as quantity,
        cast(unit_price_amount as {{ t_money() }}) as unit_price_amount,
        cast(discount_amount as {{ t_money() }}) as discount_amount

    from source
    where _dlt_load_id in (select completed.load_id from completed)

)

select * from typed
