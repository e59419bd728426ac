-- Every visit of a browser that permitted analytics: the sessions that the rules make of it (half an
-- hour of inactivity, another campaign, midnight in the business time zone), when the first of them
-- begins, and the channel it came through. What is expected is worked out from whole visits.
with

zone as (

    select value as name from rules.settings where setting = 'business_time_zone'

),

visits as (

    select
        true_visits.visit_id::text as visit_id,
        true_visits.channel,
        true_visits.started_at,
        (true_visits.started_at at time zone 'UTC' at time zone zone.name)::date as started_date,
        (true_visits.ended_at at time zone 'UTC' at time zone zone.name)::date as ended_date,
        true_visits.campaign,
        lag(true_visits.ended_at) over visitor as previous_ended_at,
        lag(true_visits.campaign) over visitor as previous_campaign

    from true_visits

    cross join zone

    where
        true_visits.analytics_granted
        and true_visits.received_at <= (select clock.as_of from ops.clock)

    window visitor as (
        partition by true_visits.visitor_id
        order by true_visits.started_at asc, true_visits.visit_id asc
    )

),

expected as (

    select
        visit_id,
        channel,
        started_at,
        ended_date - started_date + case
            when
                previous_ended_at is null
                or started_at - previous_ended_at > interval '30 minutes'
                or campaign <> coalesce(previous_campaign, '')
                then 1
            else 0
        end as session_count

    from visits

),

found as (

    select
        begun.first_visit_id as visit_id,
        count(*) as session_count,
        min(sessions.started_at) as started_at,
        (array_agg(sessions.channel_group order by sessions.started_at))[1] as channel

    from core.sessions as sessions

    inner join intermediate.int_journey__sessions as begun
        on sessions.session_id = begun.session_id

    group by begun.first_visit_id

)

select
    count(expected.visit_id) as visits,
    sum(expected.session_count) as true_sessions,
    sum(found.session_count) as sessions,
    count(*) filter (
        where coalesce(found.session_count, 0) <> coalesce(expected.session_count, 0)
    ) as other_session_count,
    count(*) filter (where expected.visit_id is null) as unknown_to_truth,
    count(*) filter (where found.started_at <> expected.started_at) as other_time,
    count(*) filter (where found.channel <> expected.channel) as other_channel

from expected

full join found on expected.visit_id = found.visit_id
