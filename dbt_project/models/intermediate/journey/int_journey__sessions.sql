{{ config(
    materialized='incremental',
    incremental_strategy='append',
    unique_key='subject_key',
    on_schema_change='fail',
    pre_hook="{{ forget_outdated(ref('int_journey__visitor_states')) if is_incremental() }}"
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
        {{ setting('inactivity_minutes') }} as inactivity_minutes,
        {{ setting('cap_hours') }} as cap_hours,
        {{ setting('split_at_midnight') }} as split_at_midnight,
        {{ setting('split_on_campaign_change') }} as split_on_campaign_change,
        {{ setting_text('business_time_zone') }} as time_zone

),

{{ touched_by(ref('int_journey__visitor_states'), 'subject_key') }},

-- Before any event is looked at: most days most visits are of nobody touched.
touched_visits as {{ once() }}(

    select
        touched.holder_number,
        visits.source,
        visits.visit_id,
        visits.user_key,
        visits.campaign_tags

    from visits

    inner join touched
        on visits.subject_key = touched.subject_key

),

-- What is not needed to begin or describe a session stays out of the one large sort.
neighboured as (

    select
        visits.holder_number,
        events.source,
        events.visit_id,
        coalesce(events.user_key, visits.user_key) as user_key,
        events.event_type,
        events.page_path,
        visits.campaign_tags,
        events.order_key,
        events.event_position,
        events.revenue_amount,
        events.occurred_at,
        lag(events.occurred_at) over visitor as previous_at,
        lag(events.visit_id) over visitor as previous_visit_id,
        lag(visits.campaign_tags) over visitor as previous_campaign_tags,
        lag(coalesce(events.user_key, visits.user_key)) over visitor as previous_user_key

    from events

    inner join touched_visits as visits
        on
            events.source = visits.source
            and events.visit_id = visits.visit_id

    window visitor as (
        partition by visits.holder_number
        order by events.occurred_at asc, events.visit_id asc, events.event_position asc
    )

),

-- The cheap reasons first: most sessions begin after a pause, and local days are dear to tell.
started as (

    select
        neighboured.holder_number,
        neighboured.source,
        neighboured.visit_id,
        neighboured.user_key,
        neighboured.event_type,
        neighboured.page_path,
        neighboured.order_key,
        neighboured.event_position,
        neighboured.revenue_amount,
        neighboured.occurred_at,
        case
            when neighboured.previous_at is null then 1
            when
                neighboured.occurred_at
                > {{ ts_add('minute', 'rules.inactivity_minutes', 'neighboured.previous_at') }}
                then 1
            when
                rules.split_on_campaign_change = 1
                and neighboured.visit_id <> neighboured.previous_visit_id
                and neighboured.campaign_tags <> coalesce(neighboured.previous_campaign_tags, '')
                then 1
            when neighboured.user_key <> neighboured.previous_user_key then 1
            when
                rules.split_at_midnight = 1
                and {{ quarter_of_hour('neighboured.occurred_at') }}
                <> {{ quarter_of_hour('neighboured.previous_at') }}
                and {{ local_date('neighboured.occurred_at', 'rules.time_zone') }}
                <> {{ local_date('neighboured.previous_at', 'rules.time_zone') }}
                then 1
            else 0
        end as is_start,
        rules.cap_hours

    from neighboured

    cross join rules

),

-- Both windows go along the order that the events have already.
numbered as (

    select
        started.*,
        sum(started.is_start) over visitor_so_far as session_number,
        max(case when started.is_start = 1 then started.occurred_at end) over visitor_so_far
            as session_started_at

    from started

    window visitor_so_far as (
        partition by started.holder_number
        order by started.occurred_at asc, started.visit_id asc, started.event_position asc
        rows between unbounded preceding and current row
    )

),

capped as (

    select
        numbered.*,
        case
            when
                numbered.occurred_at
                < {{ ts_add('hour', 'numbered.cap_hours', 'numbered.session_started_at') }}
                then 0
            else floor(
                (
                    {{ epoch_us('numbered.occurred_at') }}
                    - {{ epoch_us('numbered.session_started_at') }}
                ) / (numbered.cap_hours * 3600000000)
            )
        end as part_number

    from numbered

),

grouped as (

    select
        holder_number,
        session_number,
        part_number,
        min(source) as source,
        max(case when is_start = 1 then visit_id end) as first_visit_id,
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

    group by holder_number, session_number, part_number

),

placed as (

    select
        {{ surrogate_key([
            'grouped.source', 'touched.subject_key', 'grouped.started_at',
            'grouped.session_number', 'grouped.part_number',
        ]) }} as session_id,
        grouped.source,
        touched.subject_key,
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
                ({{ epoch_us('grouped.ended_at') }} - {{ epoch_us('grouped.started_at') }})
                / 1000000.0
            ) as int
        ) as duration_seconds,
        grouped.tracked_revenue_amount,
        coalesce(visits.is_bot, false) as is_bot,
        touched.holder_state,
        grouped.started_at,
        grouped.ended_at

    from grouped

    inner join touched
        on grouped.holder_number = touched.holder_number

    left join visits
        on
            grouped.source = visits.source
            and grouped.first_visit_id = visits.visit_id

)

select * from placed
