{{ config(materialized='view') }}

with

attributed as (

    select * from {{ ref('int_journey__sessions_attributed') }}

),

chosen as (

    select
        session_id,
        person_id,
        source_system,
        channel_group,
        source,
        medium,
        source_category,
        campaign_name,
        click_id_type,
        landing_page_path,
        device_type,
        browser_name,
        country_code,
        exclusion_rule,
        event_count,
        view_count,
        goal_count,
        order_count,
        duration_seconds,
        tracked_revenue_amount,
        is_paid,
        is_engaged,
        is_bot,
        is_excluded,
        started_date,
        started_at,
        ended_at

    from attributed

)

select * from chosen
