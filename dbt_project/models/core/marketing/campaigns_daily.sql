with

sessions as (

    select *

    from {{ ref('int_journey__sessions_attributed') }}

    where not is_excluded and campaign_name is not null

),

touches as (

    select * from {{ ref('int_journey__conversion_touches') }}

),

conversions as (

    select * from {{ ref('int_journey__conversions') }}

),

spend as (

    select * from {{ ref('int_journey__spend') }}

),

-- The last touch that carries a campaign gets the conversion.
last_campaigns as (

    select
        conversion_id,
        campaign_name,
        source,
        medium,
        row_number() over (partition by conversion_id order by touch_number desc) as from_last

    from touches

    where campaign_name is not null

),

measured as (

    select
        started_date as activity_date,
        campaign_name,
        source,
        medium,
        count(*) as session_count,
        sum(case when is_engaged then 1 else 0 end) as engaged_session_count,
        count(distinct person_id) as person_count,
        0 as conversion_count,
        cast(0 as {{ t_money() }}) as conversion_amount,
        cast(0 as {{ t_money() }}) as spend_amount,
        0 as unvalued_conversion_count,
        0 as unconverted_spend_count
    from sessions
    group by started_date, campaign_name, source, medium

    union all

    select
        conversions.converted_date as activity_date,
        last_campaigns.campaign_name,
        last_campaigns.source,
        last_campaigns.medium,
        0 as session_count,
        0 as engaged_session_count,
        0 as person_count,
        count(*) as conversion_count,
        coalesce(sum(case when conversions.is_revenue then conversions.value_amount end), 0)
            as conversion_amount,
        0 as spend_amount,
        sum(case when conversions.is_revenue and conversions.value_amount is null then 1 else 0 end)
            as unvalued_conversion_count,
        0 as unconverted_spend_count
    from conversions
    inner join last_campaigns
        on
            conversions.conversion_id = last_campaigns.conversion_id
            and last_campaigns.from_last = 1
    group by
        conversions.converted_date,
        last_campaigns.campaign_name,
        last_campaigns.source,
        last_campaigns.medium

    union all

    select
        spend_date as activity_date,
        campaign_name,
        source,
        medium,
        0 as session_count,
        0 as engaged_session_count,
        0 as person_count,
        0 as conversion_count,
        0 as conversion_amount,
        spend_amount,
        0 as unvalued_conversion_count,
        unconverted_count as unconverted_spend_count
    from spend

),

summed as (

    select
        {{ surrogate_key(['activity_date', 'campaign_name', 'source', 'medium']) }}
            as campaign_day_id,
        activity_date,
        campaign_name,
        source,
        medium,
        {{ setting_text('reporting_currency') }} as reporting_currency,
        cast(sum(session_count) as int) as session_count,
        cast(sum(engaged_session_count) as int) as engaged_session_count,
        cast(sum(person_count) as int) as person_count,
        cast(sum(conversion_count) as int) as conversion_count,
        cast(sum(unvalued_conversion_count) as int) as unvalued_conversion_count,
        cast(sum(unconverted_spend_count) as int) as unconverted_spend_count,
        cast(sum(conversion_amount) as {{ t_money() }}) as conversion_amount,
        cast(coalesce(sum(spend_amount), 0) as {{ t_money() }}) as spend_amount,
        cast(
            case
                when sum(unconverted_spend_count) = 0
                    then sum(spend_amount) / nullif(sum(conversion_count), 0)
            end as {{ t_money() }}
        ) as cost_per_conversion_amount,
        cast(
            case
                when sum(unconverted_spend_count + unvalued_conversion_count) = 0
                    then sum(conversion_amount) / nullif(sum(spend_amount), 0)
            end as {{ t_ratio() }}
        ) as return_on_spend

    from measured

    group by activity_date, campaign_name, source, medium

)

select * from summed
