-- What is read twice is kept between: only the columns that are needed.
with

transitions as (

    select
        stage,
        direction,
        is_reentered,
        valid_from,
        valid_to

    from {{ ref('int_lifecycle__stage_transitions') }}

    where not is_projected

),

stages as (

    select * from {{ ref('lifecycle_stages') }}

),

calendar as (

    select * from {{ ref('int_journey__calendar') }}

),

rules as (

    select
        {{ setting_text('business_time_zone') }} as time_zone,
        {{ as_of() }} as as_of

),

moves as (

    select
        transitions.stage,
        {{ local_date('transitions.valid_from', 'rules.time_zone') }} as activity_date,
        1 as entered,
        case when transitions.direction = 'backwards' then 1 else 0 end as entered_backwards,
        case when transitions.is_reentered then 1 else 0 end as reentered,
        0 as was_left,
        0 as days_in_stage
    from transitions
    cross join rules

    union all

    select
        transitions.stage,
        {{ local_date('transitions.valid_to', 'rules.time_zone') }} as activity_date,
        0 as entered,
        0 as entered_backwards,
        0 as reentered,
        1 as was_left,
        {{ days_between('transitions.valid_from', 'transitions.valid_to') }} as days_in_stage
    from transitions
    cross join rules
    where transitions.valid_to <= rules.as_of

),

daily as (

    select
        stage,
        activity_date,
        sum(entered) as entered_count,
        sum(entered_backwards) as entered_backwards_count,
        sum(reentered) as reentered_count,
        sum(was_left) as left_count,
        sum(days_in_stage) as days_in_stage_sum

    from moves

    group by stage, activity_date

),

first_days as (

    select min(activity_date) as first_date from daily

),

grid as (

    select
        calendar.calendar_date as activity_date,
        stages.stage,
        stages.stage_rank,
        stages.family

    from calendar

    cross join stages

    cross join first_days

    where calendar.calendar_date >= first_days.first_date

),

running as (

    select
        grid.activity_date,
        grid.stage,
        grid.family as stage_family,
        grid.stage_rank,
        cast(coalesce(daily.entered_count, 0) as int) as entered_count,
        cast(coalesce(daily.entered_backwards_count, 0) as int) as entered_backwards_count,
        cast(coalesce(daily.reentered_count, 0) as int) as reentered_count,
        cast(coalesce(daily.left_count, 0) as int) as left_count,
        cast(coalesce(daily.days_in_stage_sum, 0) as int) as days_in_stage_sum,
        cast(
            sum(coalesce(daily.entered_count, 0) - coalesce(daily.left_count, 0)) over (
                partition by grid.stage
                order by grid.activity_date asc
                rows between unbounded preceding and current row
            ) as int
        ) as person_count

    from grid

    left join daily
        on
            grid.stage = daily.stage
            and grid.activity_date = daily.activity_date

)

select * from running
