with

source as (

    select * from {{ source('raw_shopify', 'refund_lines') }}

),

completed as (

    select load_id
    from {{ source('raw_shopify', '_dlt_loads') }}
    where status = 0

),

typed as (

    select
        -- ids
        cast(refund_id as {{ t_text() }}) as refund_id,
        cast(order_line_id as {{ t_text() }}) as order_line_id,
        cast(shopify_order_id as {{ t_text() }}) as shopify_order_id,

        -- numerics
        cast(quantity as bigint) as quantity,
        cast(amount as {{ t_money() }}) as amount

    from source
    where _dlt_load_id in (select completed.load_id from completed)

)

select * from typed
