with

source as (

    select * from {{ source('raw_shopify', 'abandoned_checkout_lines') }}

),

completed as (

    select load_id
    from {{ source('raw_shopify', '_dlt_loads') }}
    where status = 0

),

typed as (

    select
        -- ids
        cast(checkout_line_id as {{ t_text() }}) as checkout_line_id,
        cast(abandoned_checkout_id as {{ t_text() }}) as abandoned_checkout_id,
        cast(product_id as {{ t_text() }}) as product_id,
        cast(variant_id as {{ t_text() }}) as variant_id,

        -- strings
        cast(sku as {{ t_text() }}) as sku,
        cast(product_title as {{ t_text() }}) as product_title,
        cast(currency as {{ t_text() }}) as currency,

        -- numerics
        cast(quantity as bigint) as quantity,
        cast(unit_price_amount as {{ t_money() }}) as unit_price_amount

    from source
    where _dlt_load_id in (select completed.load_id from completed)

)

select * from typed
