with

source as (

    select * from {{ source('raw_hubspot', 'associations') }}

),

completed as (

    select load_id
    from {{ source('raw_hubspot', '_dlt_loads') }}
    where status = 0

),

typed as (

    select
        -- ids
        cast(from_type as {{ t_text() }}) as from_type,
        cast(from_id as {{ t_text() }}) as from_id,
        cast(to_type as {{ t_text() }}) as to_type,
        cast(to_id as {{ t_text() }}) as to_id,

        -- strings
        cast(label as {{ t_text() }}) as label,

        -- booleans
        cast(is_deleted as boolean) as is_deleted

    from source
    where _dlt_load_id in (select completed.load_id from completed)

)

select * from typed
