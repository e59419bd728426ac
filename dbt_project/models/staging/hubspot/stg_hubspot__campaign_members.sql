with

source as (

    select * from {{ source('raw_hubspot', 'campaign_members') }}

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
        cast(hubspot_contact_id as {{ t_text() }}) as hubspot_contact_id,
        cast(subject_key as {{ t_text() }}) as subject_key,

        -- strings
        cast(touch as {{ t_text() }}) as touch,

        -- booleans
        cast(is_deleted as boolean) as is_deleted,

        -- timestamps
        cast(observed_at as timestamp) as observed_at

    from source
    where _dlt_load_id in (select completed.load_id from completed)

)

select * from typed
