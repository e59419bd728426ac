with

source as (

    select * from {{ source('raw_matomo', 'visits') }}

),

completed as (

    select load_id
    from {{ source('raw_matomo', '_dlt_loads') }}
    where status = 0

),

typed as (

    select
        -- ids
        cast(visit_id as {{ t_text() }}) as visit_id,
        cast(subject_key as {{ t_text() }}) as subject_key,
        cast(user_key as {{ t_text() }}) as user_key,

        -- strings
        cast(referrer_type as {{ t_text() }}) as referrer_type,
        cast(referrer_name as {{ t_text() }}) as referrer_name,
        cast(referrer_host as {{ t_text() }}) as referrer_host,
        cast(campaign_name as {{ t_text() }}) as campaign_name,
        cast(campaign_source as {{ t_text() }}) as campaign_source,
        cast(campaign_medium as {{ t_text() }}) as campaign_medium,
        cast(click_id_type as {{ t_text() }}) as click_id_type,
        cast(landing_page_path as {{ t_text() }}) as landing_page_path,
        cast(device_type as {{ t_text() }}) as device_type,
        cast(browser_name as {{ t_text() }}) as browser_name,
        cast(os_name as {{ t_text() }}) as os_name,
        cast(country_code as {{ t_text() }}) as country_code,
        cast(language_code as {{ t_text() }}) as language_code,
        cast(analytics_consent as {{ t_text() }}) as analytics_consent,
        cast(ads_consent as {{ t_text() }}) as ads_consent,

        -- numerics
        cast(duration_seconds as bigint) as duration_seconds,
        cast(action_count as bigint) as action_count,

        -- booleans
        cast(is_bot as boolean) as is_bot,

        -- timestamps
        cast(started_at as timestamp) as started_at,
        cast(ended_at as timestamp) as ended_at,
        cast(observed_at as timestamp) as observed_at

    from source
    where _dlt_load_id in (select completed.load_id from completed)

)

select * from typed
