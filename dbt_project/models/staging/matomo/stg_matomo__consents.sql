with

visits as (

    select * from {{ source('raw_matomo', 'visits') }}

),

completed as (

    select load_id
    from {{ source('raw_matomo', '_dlt_loads') }}
    where status = 0

),

signals as (

    select
        -- ids
        cast(subject_key as {{ t_text() }}) as subject_key,
        cast(visit_id as {{ t_text() }}) as visit_id,

        -- strings
        cast(analytics_consent as {{ t_text() }}) as analytics_storage,
        cast(ad_storage as {{ t_text() }}) as ad_storage,
        cast(ad_user_data as {{ t_text() }}) as ad_user_data,
        cast(ad_personalization as {{ t_text() }}) as ad_personalization,
        cast(country_code as {{ t_text() }}) as country_code,

        -- booleans
        cast(has_gpc as boolean) as has_gpc,
        cast(is_bot as boolean) as is_bot,

        -- timestamps
        cast(started_at as timestamp) as occurred_at,
        cast(observed_at as timestamp) as received_at

    from visits
    where _dlt_load_id in (select completed.load_id from completed)

)

select * from signals
