with

sessions as (

    select *

    from {{ ref('int_journey__sessions_attributed') }}

    where not is_excluded

),

journeys as (

    select * from {{ ref('int_journey__journeys') }}

),

conversions as (

    select * from {{ ref('int_journey__conversions') }}

),

spend as (

    select * from {{ ref('int_journey__spend') }}

),

session_channels as (

    select distinct
        campaign_name,
        source,
        medium,
        channel_group

    from sessions

    where campaign_name is not null

),

measured as (

    select
        started_date as activity_date,
        channel_group,
        count(*) as session_count,
        sum(case when is_engaged then 1 else 0 end) as engaged_session_count,
        count(distinct person_id) as person_count,
        sum(view_count) as view_count,
        0 as conversion_count,
        cast(0 as {{ t_money() }}) as conversion_amount,
        cast(0 as {{ t_money() }}) as spend_amount,
        0 as unvalued_conversion_count,
        0 as unconverted_spend_count
    from sessions
    group by started_date, channel_group

    union all

    select
        conversions.converted_date as activity_date,
        coalesce(journeys.last_non_direct_channel_group, 'Unassigned') as channel_group,
        0 as session_count,
        0 as engaged_session_count,
        0 as person_count,
        0 as view_count,
        count(*) as conversion_count,
        coalesce(sum(case when conversions.is_revenue then conversions.value_amount end), 0)
            as conversion_amount,
        0 as spend_amount,
        sum(case when conversions.is_revenue and conversions.value_amount is null then 1 else 0 end)
            as unvalued_conversion_count,
        0 as unconverted_spend_count
    from conversions
    inner join journeys
        on conversions.conversion_id = journeys.conversion_id
    group by
        conversions.converted_date,
        coalesce(journeys.last_non_direct_channel_group, 'Unassigned')

    union all

    select
        spend.spend_date as activity_date,
        coalesce(session_channels.channel_group, 'Unassigned') as channel_group,
        0 as session_count,
        0 as engaged_session_count,
        0 as person_count,
        0 as view_count,
        0 as conversion_count,
        0 as conversion_amount,
        sum(spend.spend_amount) as spend_amount,
        0 as unvalued_conversion_count,
        sum(spend.unconverted_count) as unconverted_spend_count
    from spend
    left join session_channels
        on
            spend.campaign_name = session_channels.campaign_name
            and spend.source = session_channels.source
            and spend.medium = session_channels.medium
    group by spend.spend_date, coalesce(session_channels.channel_group, 'Unassigned')

),

summed as (

    select
        activity_date,
        channel_group,
        {{ setting_text('reporting_currency') }} as reporting_currency,
        cast(sum(session_count) as int) as session_count,
        cast(sum(engaged_session_count) as int) as engaged_session_count,
        cast(sum(person_count) as int) as person_count,
        cast(sum(view_count) as int) as view_count,
        cast(sum(conversion_count) as int) as conversion_count,
        cast(sum(unvalued_conversion_count) as int) as unvalued_conversion_count,
        cast(sum(unconverted_spend_count) as int) as unconverted_spend_count,
        cast(sum(conversion_amount) as {{ t_money() }}) as conversion_amount,
        cast(coalesce(sum(spend_amount), 0) as {{ t_money() }}) as spend_amount

    from measured

    group by activity_date, channel_group

)

select * from summed
