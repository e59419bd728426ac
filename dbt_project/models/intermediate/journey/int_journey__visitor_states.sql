{# Per device one number that everything about its visits, and the rules, go into. #}

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
        ]) }} as told

    from visits

    group by subject_key

),

rules as (

    select
        {{ rules_key({
            'web_signals': [
                'rule', 'signal', 'action_type_pattern', 'category_pattern', 'action_pattern',
                'path_pattern',
            ],
        }) }} as signals_key,
        {{ row_int([
            setting('inactivity_minutes'), setting('cap_hours'), setting('split_at_midnight'),
            setting('split_on_campaign_change'), setting_text('business_time_zone'),
        ]) }} as sessions_key

),

digested as (

    select
        summarised.subject_key,
        {{ row_int([
            'summarised.subject_key', 'summarised.told', 'rules.signals_key', 'rules.sessions_key',
        ]) }} as holder_state

    from summarised

    cross join rules

)

select * from digested
