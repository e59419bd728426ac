with

source as (

    select * from {{ source('raw_hubspot', 'subscription_statuses') }}

),

completed as (

    select load_id
    from {{ source('raw_hubspot', '_dlt_loads') }}
    where status = 0

),

typed as (

    select
        -- ids
        cast(hubspot_contact_id as {{ t_text() }}) as hubspot_contact_id,
        cast(contact_key as {{ t_text() }}) as contact_key,
        cast(subject_key as {{ t_text() }}) as subject_key,
        cast(subscription_id as {{ t_text() }}) as subscription_id,

        -- strings
        cast(subscription_name as {{ t_text() }}) as subscription_name,
        cast(status as {{ t_text() }}) as status,
        cast(legal_basis as {{ t_text() }}) as legal_basis,

        -- timestamps
        cast(status_at as timestamp) as status_at,
        cast(observed_at as timestamp) as observed_at

    from source
    where _dlt_load_id in (select completed.load_id from completed)

)

select * from typed
