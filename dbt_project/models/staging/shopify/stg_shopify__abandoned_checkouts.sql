with

source as (

    select * from {{ source('raw_shopify', 'abandoned_checkouts') }}

),

completed as (

    select load_id
    from {{ source('raw_shopify', '_dlt_loads') }}
    where status = 0

),

typed as (

    select
        -- ids
        cast(abandoned_checkout_id as {{ t_text() }}) as abandoned_checkout_id,
        cast(shopify_customer_id as {{ t_text() }}) as shopify_customer_id,
        cast(subject_key as {{ t_text() }}) as subject_key,

        -- strings
        cast(currency as {{ t_text() }}) as currency,
        cast(country_code as {{ t_text() }}) as country_code,

        -- numerics
        cast(subtotal_amount as {{ t_money() }}) as subtotal_amount,
        cast(discount_amount as {{ t_money() }}) as discount_amount,
        cast(total_amount as {{ t_money() }}) as total_amount,

        -- timestamps
        cast(created_at as timestamp) as created_at,
        cast(completed_at as timestamp) as completed_at,
        cast(updated_at as timestamp) as updated_at

    from source
    where _dlt_load_id in (select completed.load_id from completed)

)

select * from typed
