with

sessions as (

    select *

    from {{ ref('int_journey__sessions_attributed') }}

    where person_id is not null and not is_excluded

),

clock as (

    select {{ as_of() }} as as_of

),

ranked as (

    select
        *,
        row_number() over (
            partition by person_id order by started_at asc, session_id asc
        ) as from_first,
        row_number() over (
            partition by person_id order by started_at desc, session_id desc
        ) as from_last

    from sessions

),

summarised as (

    select
        ranked.person_id,
        max(case when ranked.from_first = 1 then ranked.channel_group end) as first_channel_group,
        max(case when ranked.from_first = 1 then ranked.source end) as first_source,
        max(case when ranked.from_first = 1 then ranked.medium end) as first_medium,
        max(case when ranked.from_first = 1 then ranked.campaign_name end) as first_campaign_name,
        max(case when ranked.from_last = 1 then ranked.channel_group end) as last_channel_group,
        max(case when ranked.from_last = 1 then ranked.source end) as last_source,
        max(case when ranked.from_last = 1 then ranked.device_type end) as last_device_type,
        max(case when ranked.from_last = 1 then ranked.country_code end) as last_country_code,
        cast(count(*) as int) as session_count,
        cast(sum(case when ranked.is_engaged then 1 else 0 end) as int) as engaged_session_count,
        cast(
            sum(
                case
                    when ranked.started_at > {{ ts_add('day', '-30', 'clock.as_of') }} then 1
                    else 0
                end
            ) as int
        ) as session_30d_count,
        cast(sum(ranked.view_count) as int) as view_count,
        min(ranked.started_at) as first_session_at,
        max(ranked.started_at) as last_session_at

    from ranked

    cross join clock

    group by ranked.person_id

)

select * from summarised
