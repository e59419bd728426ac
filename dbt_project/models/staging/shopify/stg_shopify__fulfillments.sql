with

source as (

    select * from {{ source('raw_shopify', 'fulfillments') }}

),

completed as (

    select load_id
    from {{ source('raw_shopify', '_dlt_loads') }}
    where status = 0

),

typed as (

    select
        -- ids
        cast(fulfillment_id as {{ t_text() }}) as fulfillment_id,
        cast(shopify_order_id as {{ t_text() }}) as shopify_order_id,

        -- strings
        cast(status as {{ t_text() }}) as status,

        -- timestamps
        cast(created_at as timestamp) as created_at,
        cast(promised_delivery_at as timestamp) as promised_delivery_at,
        cast(delivered_at as timestamp) as delivered_at

    from source
    where _dlt_load_id in (select completed.load_id from completed)

)

select * from typed
