with

source as (

    select * from {{ source('raw_hubspot', 'campaigns') }}

),

completed as (

    select load_id
    from {{ source('raw_hubspot', '_dlt_loads') }}
    where status = 0

),

typed as (

    select
        -- ids
        cast(hubspot_campaign_id as {{ t_text() }}) as hubspot_campaign_id,

        -- strings
        cast(campaign_name as {{ t_text() }}) as campaign_name,
        cast(utm_campaign as {{ t_text() }}) as utm_campaign,
        cast(campaign_status as {{ t_text() }}) as campaign_status,
        cast(currency as {{ t_text() }}) as currency,

        -- numerics
        cast(budget_amount as {{ t_money() }}) as budget_amount,

        -- booleans
        cast(is_archived as boolean) as is_archived,

        -- timestamps
        cast(start_at as timestamp) as start_at,
        cast(end_at as timestamp) as end_at,
        cast(created_at as timestamp) as created_at,
        cast(updated_at as timestamp) as updated_at,
        cast(archived_at as timestamp) as archived_at

    from source
    where _dlt_load_id in (select completed.load_id from completed)

)

select * from typed
