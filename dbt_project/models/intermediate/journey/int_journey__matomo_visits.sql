-- A table, for its statistics: what a view casts is planned as if it held 200 different values, and
-- events would be joined, sorted and grouped as if there were a thousand times as many.
with

visits as (

    select * from {{ ref('stg_matomo__visits') }}

),

described as (

    select
        'matomo' as source,
        visit_id,
        subject_key,
        user_key,
        referrer_type,
        lower(coalesce(referrer_host, referrer_name)) as referrer_host,
        campaign_name,
        lower(campaign_source) as campaign_source,
        lower(campaign_medium) as campaign_medium,
        lower(click_id_type) as click_id_type,
        landing_page_path,
        device_type,
        browser_name,
        upper(country_code) as country_code,
        analytics_consent,
        ads_consent,
        action_count as event_count,
        coalesce(is_bot, false) as is_bot,
        observed_at

    from visits

    where subject_key is not null

),

tagged as (

    select
        *,
        case
            when coalesce(campaign_name, campaign_source, click_id_type) is not null then
                coalesce(campaign_name, '') || '|'
                || coalesce(campaign_source, '') || '|'
                || coalesce(campaign_medium, '') || '|'
                || coalesce(click_id_type, '')
        end as campaign_tags

    from described

)

select * from tagged
