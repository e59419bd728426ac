with

source as (

    select * from {{ source('raw_hubspot', 'tickets') }}

),

completed as (

    select load_id
    from {{ source('raw_hubspot', '_dlt_loads') }}
    where status = 0

),

typed as (

    select
        -- ids
        cast(hubspot_ticket_id as {{ t_text() }}) as hubspot_ticket_id,
        cast(owner_id as {{ t_text() }}) as owner_id,

        -- strings
        cast(pipeline as {{ t_text() }}) as pipeline,
        cast(ticket_stage as {{ t_text() }}) as ticket_stage,
        cast(priority as {{ t_text() }}) as priority,
        cast(category as {{ t_text() }}) as category,
        cast(channel as {{ t_text() }}) as channel,
        cast(extra as {{ t_text() }}) as extra,

        -- booleans
        cast(is_archived as boolean) as is_archived,

        -- timestamps
        cast(created_at as timestamp) as created_at,
        cast(closed_at as timestamp) as closed_at,
        cast(updated_at as timestamp) as updated_at,
        cast(archived_at as timestamp) as archived_at

    from source
    where _dlt_load_id in (select completed.load_id from completed)

)

select * from typed
