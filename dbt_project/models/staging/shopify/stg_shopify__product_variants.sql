with

source as (

    select * from {{ source('raw_shopify', 'product_variants') }}

),

completed as (

    select load_id
    from {{ source('raw_shopify', '_dlt_loads') }}
    where status = 0

),

typed as (

    select
        -- ids
        cast(variant_id as {{ t_text() }}) as variant_id,
        cast(product_id as {{ t_text() }}) as product_id,
        cast(inventory_item_id as {{ t_text() }}) as inventory_item_id,
        cast(sku as {{ t_text() }}) as sku,

        -- numerics
        cast(price_amount as {{ t_money() }}) as price_amount

    from source
    where _dlt_load_id in (select completed.load_id from completed)

)

select * from typed
