{{ config(materialized='view') }}

with

vendors as (

    {{ union_all(
        ['int_journey__matomo_visits'],
        [
            'source', 'visit_id', 'subject_key', 'user_key', 'referrer_type', 'referrer_host',
            'campaign_name', 'campaign_source', 'campaign_medium', 'click_id_type',
            'landing_page_path', 'device_type', 'browser_name', 'country_code',
            'analytics_consent', 'ads_consent', 'campaign_tags', 'event_count', 'is_bot',
            'observed_at',
        ]
    ) }}

)

select * from vendors
