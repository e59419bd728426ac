with

sessions as (

    select *

    from {{ ref('int_journey__sessions_attributed') }}

    where person_id is not null and not is_excluded

),

clock as (

    select {{ as_of() }} as as_of

),

ordered as (

    select
        *,
        row_number() over in_time = 1 as is_first,
        lead(session_id) over in_time is null as is_last

    from sessions

    window in_time as (partition by person_id order by started_at asc, session_id asc)

),

summarised as (

    select
        ordered.person_id,
        max(case when ordered.is_first then ordered.channel_group end) as first_channel_group,
        max(case when ordered.is_first then ordered.source end) as first_source,
        max(case when ordered.is_first then ordered.medium end) as first_medium,
        max(case when ordered.is_first then ordered.campaign_name end) as first_campaign_name,
        max(case when ordered.is_last then ordered.channel_group end) as last_channel_group,
        max(case when ordered.is_last then ordered.source end) as last_source,
        max(case when ordered.is_last then ordered.device_type end) as last_device_type,
        max(case when ordered.is_last then ordered.country_code end) as last_country_code,
        cast(count(*) as int) as session_count,
        cast(sum(case when ordered.is_engaged then 1 else 0 end) as int) as engaged_session_count,
        cast(
            sum(
                case
                    when ordered.started_at > {{ ts_add('day', '-30', 'clock.as_of') }} then 1
                    else 0
                end
            ) as int
        ) as session_30d_count,
        cast(sum(ordered.view_count) as int) as view_count,
        min(ordered.started_at) as first_session_at,
        max(ordered.started_at) as last_session_at

    from ordered

    cross join clock

    group by ordered.person_id

)

select * from summarised
