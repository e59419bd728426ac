with

intervals as (

    select *

    from {{ ref('int_sales__deal_stage_intervals') }}

    where stage_outcome = 'open'

),

calendar as (

    select * from {{ ref('int_journey__calendar') }}

),

rules as (

    select
        {{ setting_text('business_time_zone') }} as time_zone,
        {{ setting_text('reporting_currency') }} as reporting_currency

),

-- A deal stands in a stage at the end of the days from entering it up to the day before leaving.
dated as (

    select
        intervals.*,
        {{ local_date('intervals.entered_at', 'rules.time_zone') }} as first_date,
        {{ local_date('intervals.left_at', 'rules.time_zone') }} as end_date,
        rules.reporting_currency

    from intervals

    cross join rules

),

counted as (

    select
        calendar.calendar_date as activity_date,
        coalesce(dated.pipeline, 'none') as pipeline,
        dated.deal_stage,
        min(dated.stage_order) as stage_order,
        min(dated.reporting_currency) as reporting_currency,
        cast(count(*) as int) as opportunity_count,
        cast(sum(case when dated.reporting_amount is null then 1 else 0 end) as int)
            as unvalued_opportunity_count,
        cast(coalesce(sum(dated.reporting_amount), 0) as {{ t_money() }}) as open_amount,
        cast(
            coalesce(sum(dated.reporting_amount * dated.win_probability), 0) as {{ t_money() }}
        ) as weighted_amount

    from calendar

    inner join dated
        on
            calendar.calendar_date >= dated.first_date
            and calendar.calendar_date < dated.end_date

    group by calendar.calendar_date, coalesce(dated.pipeline, 'none'), dated.deal_stage

)

select * from counted
