with

entries as (

    select * from {{ ref('int_sales__funnel_entries') }}

),

rules as (

    select {{ setting_text('business_time_zone') }} as time_zone

),

dated as (

    select
        entries.*,
        {{ local_date('entries.entered_at', 'rules.time_zone') }} as activity_date

    from entries

    cross join rules

),

counted as (

    select
        activity_date,
        funnel_stage,
        first_channel_group as channel_group,
        min(stage_order) as stage_order,
        cast(count(*) as int) as entered_count,
        cast(sum(case when advanced_at is not null then 1 else 0 end) as int) as advanced_count,
        cast(
            sum(case
                when advanced_at >= entered_at
                    then
                        {{ days_between('entered_at', 'advanced_at') }}
            end) as int
        ) as days_to_advance_sum

    from dated

    group by activity_date, funnel_stage, first_channel_group

)

select * from counted
