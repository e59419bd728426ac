with

source as (

    select * from {{ source('raw_matomo', 'unconsented_daily') }}

),

completed as (

    select load_id
    from {{ source('raw_matomo', '_dlt_loads') }}
    where status = 0

),

typed as (

    select
        -- strings
        cast(page_group as {{ t_text() }}) as page_group,
        cast(country_code as {{ t_text() }}) as country_code,
        cast(source_class as {{ t_text() }}) as source_class,

        -- numerics
        cast(visit_count as bigint) as visit_count,
        cast(action_count as bigint) as action_count,

        -- dates
        cast(activity_date as date) as activity_date

    from source
    where
        _dlt_load_id in (select completed.load_id from completed)
        and visit_count > 0

)

select * from typed
