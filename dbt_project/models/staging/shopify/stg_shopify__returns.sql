with

source as (

    select * from {{ source('raw_shopify', 'returns') }}

),

completed as (

    select load_id
    from {{ source('raw_shopify', '_dlt_loads') }}
    where status = 0

),

typed as (

    select
        -- ids
        cast(return_id as {{ t_text() }}) as return_id,
        cast(shopify_order_id as {{ t_text() }}) as shopify_order_id,

        -- strings
        cast(status as {{ t_text() }}) as status,

        -- numerics
        cast(quantity as bigint) as quantity,

        -- timestamps
        cast(requested_at as timestamp) as requested_at,
        cast(approved_at as timestamp) as approved_at,
        cast(closed_at as timestamp) as closed_at

    from source
    where _dlt_load_id in (select completed.load_id from completed)

)

select * from typed
