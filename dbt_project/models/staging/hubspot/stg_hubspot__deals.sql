with

source as (

    select * from {{ source('raw_hubspot', 'deals') }}

),

completed as (

    select load_id
    from {{ source('raw_hubspot', '_dlt_loads') }}
    where status = 0

),

typed as (

    select
        -- ids
        cast(hubspot_deal_id as {{ t_text() }}) as hubspot_deal_id,

        -- strings
        cast(deal_name as {{ t_text() }}) as deal_name,
        cast(pipeline as {{ t_text() }}) as pipeline,
        cast(deal_stage as {{ t_text() }}) as deal_stage,
        cast(currency as {{ t_text() }}) as currency,
        cast(extra as {{ t_text() }}) as extra,

        -- numerics
        cast(amount as {{ t_money() }}) as amount,

        -- booleans
        cast(is_closed as boolean) as is_closed,
        cast(is_won as boolean) as is_won,
        cast(is_archived as boolean) as is_archived,

        -- timestamps
        cast(close_at as timestamp) as close_at,
        cast(created_at as timestamp) as created_at,
        cast(updated_at as timestamp) as updated_at,
        cast(archived_at as timestamp) as archived_at

    from source
    where _dlt_load_id in (select completed.load_id from completed)

)

select * from typed
