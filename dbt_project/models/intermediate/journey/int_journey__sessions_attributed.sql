with

sessions as (

    select * from {{ ref('int_journey__sessions') }}

),

user_links as (

    select *

    from {{ ref('int_identity__person_links') }}

    where identifier_type = 'user_id'

),

device_links as (

    select *

    from {{ ref('int_identity__person_links') }}

    where identifier_type = 'anonymous_id'

),

sources as (

    select * from {{ ref('int_journey__sources_classified') }}

),

excluded as (

    select * from {{ ref('int_journey__excluded_values') }}

),

rules as (

    select
        {{ setting('engaged_views') }} as engaged_views,
        {{ setting('engaged_seconds') }} as engaged_seconds,
        {{ setting_text('business_time_zone') }} as time_zone

),

attributed as (

    select
        sessions.session_id,
        coalesce(user_links.person_id, device_links.person_id) as person_id,
        sessions.subject_key,
        sessions.user_key,
        sessions.source as source_system,
        sources.channel_group,
        sources.source,
        sources.medium,
        sources.source_category,
        nullif(sources.campaign_name, '') as campaign_name,
        nullif(sources.click_id_type, '') as click_id_type,
        sessions.landing_page_path,
        sessions.device_type,
        sessions.browser_name,
        sessions.country_code,
        sessions.analytics_consent,
        sessions.ads_consent,
        coalesce(bots.rule, hosts.rule, browsers.rule, paths.rule) as exclusion_rule,
        sessions.event_count,
        sessions.view_count,
        sessions.goal_count,
        sessions.order_count,
        sessions.duration_seconds,
        sessions.tracked_revenue_amount,
        sources.is_paid,
        coalesce(
            sessions.view_count >= rules.engaged_views
            or sessions.duration_seconds >= rules.engaged_seconds
            or sessions.goal_count + sessions.order_count > 0,
            false
        ) as is_engaged,
        sessions.is_bot,
        coalesce(bots.rule, hosts.rule, browsers.rule, paths.rule) is not null as is_excluded,
        {{ local_date('sessions.started_at', 'rules.time_zone') }} as started_date,
        sessions.started_at,
        sessions.ended_at

    from sessions

    cross join rules

    left join user_links
        on
            sessions.user_key = user_links.subject_key
            and sessions.started_at >= user_links.valid_from
            and sessions.started_at < user_links.valid_to

    left join device_links
        on
            sessions.subject_key = device_links.subject_key
            and sessions.started_at >= device_links.valid_from
            and sessions.started_at < device_links.valid_to

    left join sources
        on
            coalesce(sessions.referrer_type, '') = sources.referrer_type
            and coalesce(sessions.referrer_host, '') = sources.referrer_host
            and coalesce(sessions.campaign_name, '') = sources.campaign_name
            and coalesce(sessions.campaign_source, '') = sources.campaign_source
            and coalesce(sessions.campaign_medium, '') = sources.campaign_medium
            and coalesce(sessions.click_id_type, '') = sources.click_id_type

    left join excluded as bots
        on
            bots.field = 'is_bot'
            and bots.value = case when sessions.is_bot then 'true' else 'false' end

    left join excluded as hosts
        on hosts.field = 'referrer_host' and sessions.referrer_host = hosts.value

    left join excluded as browsers
        on browsers.field = 'browser_name' and sessions.browser_name = browsers.value

    left join excluded as paths
        on paths.field = 'landing_page_path' and sessions.landing_page_path = paths.value

)

select * from attributed
