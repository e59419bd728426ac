with

source as (

    select * from {{ source('raw_hubspot', 'deal_stage_history') }}

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
        cast(deal_stage as {{ t_text() }}) as deal_stage,

        -- timestamps
        cast(entered_at as timestamp) as entered_at

    from source
    where _dlt_load_id in (select completed.load_id from completed)

)

select * from typed
