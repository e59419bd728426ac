with

source as (

    select * from {{ source('raw_files', 'pos_sales') }}

),

completed as (

    select load_id

    from {{ source('raw_files', '_dlt_loads') }}

    where status = 0

),

typed as (

    select
        -- ids
        cast(receipt_id as {{ t_text() }}) as receipt_id,
        cast(original_receipt_id as {{ t_text() }}) as original_receipt_id,
        cast(order_key as {{ t_text() }}) as order_key,
        cast(subject_key as {{ t_text() }}) as subject_key,
        cast(user_key as {{ t_text() }}) as user_key,
        cast(email_key as {{ t_text() }}) as email_key,
        cast(phone_key as {{ t_text() }}) as phone_key,

        -- strings
        cast(store_code as {{ t_text() }}) as store_code,
        cast(kind as {{ t_text() }}) as kind,
        cast(currency as {{ t_text() }}) as currency,
        cast(country_code as {{ t_text() }}) as country_code,

        -- numerics
        cast(tax_amount as {{ t_money() }}) as tax_amount,
        cast(total_amount as {{ t_money() }}) as total_amount,

        -- booleans
        cast(has_agreed_to_email as boolean) as has_agreed_to_email,

        -- timestamps
        cast(sold_at as timestamp) as sold_at,
        cast(exported_at as timestamp) as exported_at,
        cast(observed_at as timestamp) as observed_at

    from source
    where _dlt_load_id in (select completed.load_id from completed)

)

select * from typed
