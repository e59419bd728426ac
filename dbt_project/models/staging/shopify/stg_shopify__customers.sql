with

source as (

    select * from {{ source('raw_shopify', 'customers') }}

),

completed as (

    select load_id
    from {{ source('raw_shopify', '_dlt_loads') }}
    where status = 0

),

typed as (

    select
        -- ids
        cast(shopify_customer_id as {{ t_text() }}) as shopify_customer_id,
        cast(subject_key as {{ t_text() }}) as subject_key,
        cast(user_key as {{ t_text() }}) as user_key,
        cast(email_key as {{ t_text() }}) as email_key,
        cast(phone_key as {{ t_text() }}) as phone_key,

        -- strings
        cast(email_domain_class as {{ t_text() }}) as email_domain_class,
        cast(email_domain as {{ t_text() }}) as email_domain,
        cast(country_code as {{ t_text() }}) as country_code,
        cast(region_code as {{ t_text() }}) as region_code,
        cast(language_code as {{ t_text() }}) as language_code,
        cast(null as {{ t_text() }}) as age_band,
        cast(email_marketing_state as {{ t_text() }}) as email_marketing_state,
        cast(email_marketing_level as {{ t_text() }}) as email_marketing_level,
        cast(sms_marketing_state as {{ t_text() }}) as sms_marketing_state,
        cast(sms_marketing_level as {{ t_text() }}) as sms_marketing_level,
        cast(extra as {{ t_text() }}) as extra,

        -- booleans
        cast(has_data_sale_opt_out as boolean) as has_data_sale_opt_out,
        cast(is_deleted as boolean) as is_deleted,

        -- timestamps
        cast(email_marketing_at as timestamp) as email_marketing_at,
        cast(sms_marketing_at as timestamp) as sms_marketing_at,
        cast(created_at as timestamp) as created_at,
        cast(updated_at as timestamp) as updated_at,
        cast(deleted_at as timestamp) as deleted_at

    from source
    where _dlt_load_id in (select completed.load_id from completed)

)

select * from typed
