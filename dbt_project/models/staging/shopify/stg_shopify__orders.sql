with

source as (

    select * from {{ source('raw_shopify', 'orders') }}

),

completed as (

    select load_id
    from {{ source('raw_shopify', '_dlt_loads') }}
    where status = 0

),

typed as (

    select
        -- ids
        cast(shopify_order_id as {{ t_text() }}) as shopify_order_id,
        cast(order_key as {{ t_text() }}) as order_key,
        cast(shopify_customer_id as {{ t_text() }}) as shopify_customer_id,
        cast(subject_key as {{ t_text() }}) as subject_key,
        cast(email_key as {{ t_text() }}) as email_key,
        cast(phone_key as {{ t_text() }}) as phone_key,

        -- strings
        cast(currency as {{ t_text() }}) as currency,
        cast(presentment_currency as {{ t_text() }}) as presentment_currency,
        cast(financial_status as {{ t_text() }}) as financial_status,
        cast(fulfillment_status as {{ t_text() }}) as fulfillment_status,
        cast(sales_channel as {{ t_text() }}) as sales_channel,
        cast(landing_path as {{ t_text() }}) as landing_path,
        cast(referrer_host as {{ t_text() }}) as referrer_host,
        cast(utm_source as {{ t_text() }}) as utm_source,
        cast(utm_medium as {{ t_text() }}) as utm_medium,
        cast(utm_campaign as {{ t_text() }}) as utm_campaign,
        cast(country_code as {{ t_text() }}) as country_code,

        -- numerics
        cast(subtotal_amount as {{ t_money() }}) as subtotal_amount,
        cast(discount_amount as {{ t_money() }}) as discount_amount,
        cast(shipping_amount as {{ t_money() }}) as shipping_amount,
        cast(tax_amount as {{ t_money() }}) as tax_amount,
        cast(total_amount as {{ t_money() }}) as total_amount,

        -- booleans
        cast(is_test as boolean) as is_test,
        cast(is_deleted as boolean) as is_deleted,

        -- timestamps
        cast(ordered_at as timestamp) as ordered_at,
        cast(updated_at as timestamp) as updated_at,
        cast(cancelled_at as timestamp) as cancelled_at,
        cast(deleted_at as timestamp) as deleted_at

    from source
    where _dlt_load_id in (select completed.load_id from completed)

)

select * from typed
