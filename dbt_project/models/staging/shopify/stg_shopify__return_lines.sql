with

source as (

    select * from {{ source('raw_shopify', 'return_lines') }}

),

completed as (

    select load_id
    from {{ source('raw_shopify', '_dlt_loads') }}
    where status = 0

),

typed as (

    select
        -- ids
        cast(return_line_id as {{ t_text() }}) as return_line_id,
        cast(return_id as {{ t_text() }}) as return_id,
        cast(order_line_id as {{ t_text() }}) as order_line_id,

        -- strings
        cast(reason as {{ t_text() }}) as reason,

        -- numerics
        cast(quantity as bigint) as quantity,
        cast(refunded_quantity as bigint) as refunded_quantity

    from source
    where _dlt_load_id in (select completed.load_id from completed)

)

select * from typed
