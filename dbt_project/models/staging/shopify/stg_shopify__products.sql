with

source as (

    select * from {{ source('raw_shopify', 'products') }}

),

completed as (

    select load_id
    from {{ source('raw_shopify', '_dlt_loads') }}
    where status = 0

),

typed as (

    select
        -- ids
        cast(product_id as {{ t_text() }}) as product_id,

        -- strings
        cast(title as {{ t_text() }}) as title,
        cast(product_type as {{ t_text() }}) as product_type,
        cast(vendor as {{ t_text() }}) as vendor,
        cast(status as {{ t_text() }}) as status,

        -- timestamps
        cast(updated_at as timestamp) as updated_at

    from source
    where _dlt_load_id in (select completed.load_id from completed)

)

select * from typed
