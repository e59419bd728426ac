with

source as (

    select * from {{ source('raw_shopify', 'customer_merges') }}

),

completed as (

    select load_id
    from {{ source('raw_shopify', '_dlt_loads') }}
    where status = 0

),

typed as (

    select
        -- ids
        cast(surviving_customer_id as {{ t_text() }}) as surviving_customer_id,
        cast(merged_customer_id as {{ t_text() }}) as merged_customer_id,
        cast(surviving_key as {{ t_text() }}) as surviving_key,
        cast(merged_key as {{ t_text() }}) as merged_key,
        cast(surviving_user_key as {{ t_text() }}) as surviving_user_key,
        cast(merged_user_key as {{ t_text() }}) as merged_user_key,

        -- timestamps
        cast(merged_at as timestamp) as merged_at

    from source
    where _dlt_load_id in (select completed.load_id from completed)

)

select * from typed
