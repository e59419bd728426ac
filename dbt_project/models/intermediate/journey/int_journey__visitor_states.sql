with

visits as (

    select * from {{ ref('int_journey__web_visits') }}

),

summarised as (

    select
        subject_key,
        {{ rows_digest([
            'source', 'visit_id', 'user_key', 'referrer_type', 'referrer_host', 'campaign_name',
            'campaign_source', 'campaign_medium', 'click_id_type', 'landing_page_path',
            'device_type', 'browser_name', 'country_code', 'analytics_consent', 'ads_consent',
            'event_count', 'is_bot', 'observed_at',
        ]) }} as visitor_state

    from visits

    group by subject_key

)

select * from summarised
