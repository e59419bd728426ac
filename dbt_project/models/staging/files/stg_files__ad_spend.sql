with

source as (

    select * from {{ source('raw_files', 'ad_spend') }}

),

completed as (

    select load_id

    from {{ source('raw_files', '_dlt_loads') }}

    where status = 0

),

typed as (

    select
        -- ids
        cast(platform as {{ t_text() }}) as platform,
        cast(campaign_id as {{ t_text() }}) as campaign_id,

        -- strings
        cast(campaign_name as {{ t_text() }}) as campaign_name,
        cast(source as {{ t_text() }}) as source,
        cast(medium as {{ t_text() }}) as medium,
        cast(currency as {{ t_text() }}) as currency,

        -- numerics
        cast(impressions as bigint) as impressions,
        cast(clicks as bigint) as clicks,
        cast(spend_amount as {{ t_money() }}) as spend_amount,
        cast(claimed_conversions as {{ t_money() }}) as claimed_conversions,
        cast(claimed_value_amount as {{ t_money() }}) as claimed_value_amount,

        -- dates
        cast(spend_date as date) as spend_date,

        -- timestamps
        cast(exported_at as timestamp) as exported_at

    from source
    where _dlt_load_id in (select completed.load_id from completed)

)

select * from typed
