with

source as (

    select * from {{ source('raw_hubspot', 'engagements') }}

),

completed as (

    select load_id
    from {{ source('raw_hubspot', '_dlt_loads') }}
    where status = 0

),

typed as (

    select
        -- ids
        cast(hubspot_engagement_id as {{ t_text() }}) as hubspot_engagement_id,
        cast(owner_id as {{ t_text() }}) as owner_id,

        -- strings
        cast(engagement_type as {{ t_text() }}) as engagement_type,
        cast(direction as {{ t_text() }}) as direction,
        cast(outcome as {{ t_text() }}) as outcome,

        -- numerics
        cast(duration_seconds as bigint) as duration_seconds,

        -- booleans
        cast(is_archived as boolean) as is_archived,

        -- timestamps
        cast(occurred_at as timestamp) as occurred_at,
        cast(created_at as timestamp) as created_at,
        cast(updated_at as timestamp) as updated_at,
        cast(archived_at as timestamp) as archived_at

    from source
    where _dlt_load_id in (select completed.load_id from completed)

)

select * from typed
