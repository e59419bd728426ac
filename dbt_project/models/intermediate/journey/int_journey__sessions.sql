{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='subject_key',
    on_schema_change='fail',
    indexes=[{'columns': ['subject_key']}],
    post_hook="{{ forget_vanished_visitors() if is_incremental() }}"
) }}

-- Exact restatement: all sessions of a visitor whose visits changed are computed anew, however
-- late the change; a changed rule computes everybody anew.
with

events as (

    select * from {{ ref('int_journey__web_events') }}

),

visits as (

    select * from {{ ref('int_journey__web_visits') }}

),

rules as (

    select
        {{ setting('inactivity_minutes') }} * 60000000 as timeout_us,
        {{ setting('cap_hours') }} * 3600000000 as cap_us,
        {{ setting('split_at_midnight') }} as split_at_midnight,
        {{ setting('split_on_campaign_change') }} as split_on_campaign_change,
        {{ setting_text('business_time_zone') }} as time_zone

),

{{ touched_visitors(
    ['timeout_us', 'cap_us', 'split_at_midnight', 'split_on_campaign_change', 'time_zone']
) }},

neighboured as (

    select
        events.source,
        events.visit_id,
        events.subject_key,
        events.user_key,
        events.event_type,
        events.page_path,
        events.campaign_key,
        events.order_key,
        events.event_position,
        events.revenue_amount,
        events.occurred_at,
        {{ epoch_us('events.occurred_at') }} as occurred_us,
        {{ local_date('events.occurred_at', 'rules.time_zone') }} as local_date,
        lag({{ epoch_us('events.occurred_at') }}) over visitor as previous_us,
        lag({{ local_date('events.occurred_at', 'rules.time_zone') }}) over visitor
            as previous_local_date,
        lag(events.visit_id) over visitor as previous_visit_id,
        lag(events.campaign_key) over visitor as previous_campaign_key,
        lag(events.user_key) over visitor as previous_user_key

    from events

    cross join rules

    inner join touched_visitors
        on events.subject_key = touched_visitors.subject_key

    window visitor as (
        partition by events.subject_key
        order by events.occurred_at asc, events.visit_id asc, events.event_position asc
    )

),

started as (

    select
        neighboured.*,
        case
            when neighboured.previous_us is null then 1
            when neighboured.occurred_us - neighboured.previous_us > rules.timeout_us then 1
            when
                rules.split_at_midnight = 1
                and neighboured.local_date <> neighboured.previous_local_date
                then 1
            when
                rules.split_on_campaign_change = 1
                and neighboured.visit_id <> neighboured.previous_visit_id
                and neighboured.campaign_key <> coalesce(neighboured.previous_campaign_key, '')
                then 1
            when neighboured.user_key <> neighboured.previous_user_key then 1
            else 0
        end as is_start,
        rules.cap_us

    from neighboured

    cross join rules

),

numbered as (

    select
        started.*,
        sum(started.is_start) over (
            partition by started.subject_key
            order by started.occurred_at asc, started.visit_id asc, started.event_position asc
            rows between unbounded preceding and current row
        ) as session_number

    from started

),

capped as (

    select
        numbered.*,
        floor(
            (
                numbered.occurred_us
                - min(numbered.occurred_us)
                    over (partition by numbered.subject_key, numbered.session_number)
            ) / numbered.cap_us
        ) as part_number

    from numbered

),

grouped as (

    select
        subject_key,
        session_number,
        part_number,
        min(source) as source,
        max(case when is_start = 1 then visit_id end) as first_visit_id,
        max(case when is_start = 1 then event_position end) as first_event_position,
        max(user_key) as user_key,
        max(case when is_start = 1 then page_path end) as landing_page_path,
        cast(count(*) as int) as event_count,
        cast(sum(case when event_type = 'view' then 1 else 0 end) as int) as view_count,
        cast(sum(case when event_type = 'goal' then 1 else 0 end) as int) as goal_count,
        cast(count(distinct order_key) as int) as order_count,
        cast(sum(case when event_type = 'order' then revenue_amount end) as {{ t_money() }})
            as tracked_revenue_amount,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at

    from capped

    group by subject_key, session_number, part_number

),

placed as (

    select
        {{ surrogate_key([
            'grouped.source', 'grouped.subject_key', 'grouped.started_at',
            'grouped.session_number', 'grouped.part_number',
        ]) }} as session_id,
        grouped.source,
        grouped.subject_key,
        grouped.user_key,
        grouped.first_visit_id,
        grouped.landing_page_path,
        visits.referrer_type,
        visits.referrer_host,
        visits.campaign_name,
        visits.campaign_source,
        visits.campaign_medium,
        visits.click_id_type,
        visits.device_type,
        visits.browser_name,
        visits.country_code,
        visits.analytics_consent,
        visits.ads_consent,
        grouped.event_count,
        grouped.view_count,
        grouped.goal_count,
        grouped.order_count,
        cast(
            floor(
                (
                    {{ epoch_us('grouped.ended_at') }}
                    - {{ epoch_us('grouped.started_at') }}
                ) / 1000000.0
            ) as int
        ) as duration_seconds,
        grouped.tracked_revenue_amount,
        coalesce(visits.is_bot, false) as is_bot,
        touched_visitors.visitor_state,
        grouped.started_at,
        grouped.ended_at

    from grouped

    inner join touched_visitors
        on grouped.subject_key = touched_visitors.subject_key

    left join visits
        on
            grouped.source = visits.source
            and grouped.first_visit_id = visits.visit_id

)

select * from placed
