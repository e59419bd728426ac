with

source as (

    select * from {{ source('raw_hubspot', 'leads') }}

),

completed as (

    select load_id
    from {{ source('raw_hubspot', '_dlt_loads') }}
    where status = 0

),

typed as (

    select
        -- ids
        cast(hubspot_lead_id as {{ t_text() }}) as hubspot_lead_id,
        cast(owner_id as {{ t_text() }}) as owner_id,

        -- strings
        cast(lead_type as {{ t_text() }}) as lead_type,
        cast(lead_label as {{ t_text() }}) as lead_label,
        cast(pipeline as {{ t_text() }}) as pipeline,
        cast(lead_stage as {{ t_text() }}) as lead_stage,
        cast(extra as {{ t_text() }}) as extra,

        -- booleans
        cast(is_archived as boolean) as is_archived,

        -- timestamps
        cast(created_at as timestamp) as created_at,
        cast(updated_at as timestamp) as updated_at,
        cast(archived_at as timestamp) as archived_at

    from source
    where _dlt_load_id in (select completed.load_id from completed)

)

select * from typed
