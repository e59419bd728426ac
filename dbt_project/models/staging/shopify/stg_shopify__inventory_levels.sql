with

source as (

    select * from {{ source('raw_shopify', 'inventory_levels') }}

),

completed as (

    select load_id
    from {{ source('raw_shopify', '_dlt_loads') }}
    where status = 0

),

typed as (

    select
        -- ids
        cast(inventory_item_id as {{ t_text() }}) as inventory_item_id,
        cast(variant_id as {{ t_text() }}) as variant_id,
        cast(location_id as {{ t_text() }}) as location_id,

        -- numerics
        cast(available as bigint) as available,

        -- timestamps
        cast(updated_at as timestamp) as updated_at

    from source
    where _dlt_load_id in (select completed.load_id from completed)

)

select * from typed
