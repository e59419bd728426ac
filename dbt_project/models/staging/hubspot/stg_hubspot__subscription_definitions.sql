with

source as (

    select * from {{ source('raw_hubspot', 'subscription_definitions') }}

),

completed as (

    select load_id
    from {{ source('raw_hubspot', '_dlt_loads') }}
    where status = 0

),

typed as (

    select
        -- ids
        cast(subscription_id as {{ t_text() }}) as subscription_id,

        -- strings
        cast(subscription_name as {{ t_text() }}) as subscription_name,
        cast(purpose as {{ t_text() }}) as purpose,
        cast(communication_method as {{ t_text() }}) as communication_method,

        -- booleans
        cast(is_active as boolean) as is_active

    from source
    where _dlt_load_id in (select completed.load_id from completed)

)

select * from typed
