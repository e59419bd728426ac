with

source as (

    select * from {{ source('raw_shopify', 'refunds') }}

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
        cast(shopify_order_id as {{ t_text() }}) as shopify_order_id,

        -- strings
        cast(currency as {{ t_text() }}) as currency,

        -- numerics
        cast(amount as {{ t_money() }}) as amount,

        -- timestamps
        cast(refunded_at as timestamp) as refunded_at

    from source
    where _dlt_load_id in (select completed.load_id from completed)

)

select * from typed
