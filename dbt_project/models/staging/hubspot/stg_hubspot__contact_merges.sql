with

source as (

    select * from {{ source('raw_hubspot', 'contact_merges') }}

),

completed as (

    select load_id
    from {{ source('raw_hubspot', '_dlt_loads') }}
    where status = 0

),

typed as (

    select
        -- ids
        cast(surviving_contact_id as {{ t_text() }}) as surviving_contact_id,
        cast(merged_contact_id as {{ t_text() }}) as merged_contact_id,
        cast(surviving_key as {{ t_text() }}) as surviving_key,
        cast(merged_key as {{ t_text() }}) as merged_key,

        -- timestamps
        cast(merged_at as timestamp) as merged_at

    from source
    where _dlt_load_id in (select completed.load_id from completed)

)

select * from typed
