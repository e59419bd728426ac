-- One row per conversion, with or without touchpoints, and one per person for the touchpoints
-- since their last conversion: paths that did not convert are kept.
with

conversions as (

    select * from {{ ref('int_journey__conversions') }}

),

touches as (

    select * from {{ ref('int_journey__conversion_touches') }}

),

touchpoints as (

    select * from {{ ref('int_journey__touchpoints') }}

),

rules as (

    select
        {{ as_of() }} as as_of,
        {{ setting('touchpoint_lookback_days') }} as lookback_days

),

last_conversions as (

    select
        person_id,
        max(converted_at) as converted_at

    from conversions

    group by person_id

),

open_touches as (

    select
        'open-' || touchpoints.person_id as journey_id,
        touchpoints.person_id,
        touchpoints.channel_group,
        touchpoints.touchpoint_id,
        row_number() over (
            partition by touchpoints.person_id
            order by {{ touch_order('touchpoints') }}
        ) as touch_number,
        count(*) over (partition by touchpoints.person_id) as touch_count,
        touchpoints.is_human_contact,
        touchpoints.occurred_at

    from touchpoints

    cross join rules

    left join last_conversions
        on touchpoints.person_id = last_conversions.person_id

    where
        touchpoints.occurred_at >= {{ ts_add('day', '-rules.lookback_days', 'rules.as_of') }}
        and (
            last_conversions.converted_at is null
            or touchpoints.occurred_at > last_conversions.converted_at
        )

),

all_touches as (

    select
        conversion_id as journey_id,
        channel_group,
        touchpoint_id,
        touch_number,
        touch_count,
        is_human_contact,
        occurred_at
    from touches

    union all

    select
        journey_id,
        channel_group,
        touchpoint_id,
        touch_number,
        touch_count,
        is_human_contact,
        occurred_at
    from open_touches

),

-- The last touch that is not Direct; Direct only where there is nothing else.
ranked as (

    select
        *,
        row_number() over (
            partition by journey_id
            order by
                case when channel_group = 'Direct' then 1 else 0 end asc,
                touch_number desc
        ) as non_direct_rank

    from all_touches

),

walked as (

    select
        journey_id,
        cast(count(*) as int) as touch_count,
        cast(count(distinct channel_group) as int) as channel_count,
        cast(sum(case when is_human_contact then 1 else 0 end) as int) as human_contact_count,
        max(case when touch_number = 1 then channel_group end) as first_channel_group,
        max(case when touch_number = touch_count then channel_group end) as last_channel_group,
        max(case when non_direct_rank = 1 then channel_group end)
            as last_non_direct_channel_group,
        {{ string_path(
            "case when touch_number <= 20 then coalesce(channel_group, 'Other') end", 'touch_number'
        ) }} as channel_path,
        min(occurred_at) as first_touch_at,
        max(occurred_at) as last_touch_at

    from ranked

    group by journey_id

),

started as (

    select
        conversion_id as journey_id,
        person_id,
        conversion_id,
        conversion,
        value_amount,
        reporting_currency,
        converted_at
    from conversions

    union all

    select distinct
        journey_id,
        person_id,
        cast(null as {{ t_text() }}) as conversion_id,
        cast(null as {{ t_text() }}) as conversion,
        cast(null as {{ t_money() }}) as value_amount,
        cast(null as {{ t_text() }}) as reporting_currency,
        cast(null as timestamp) as converted_at
    from open_touches

),

joined as (

    select
        started.journey_id,
        started.person_id,
        started.conversion_id,
        started.conversion,
        walked.first_channel_group,
        walked.last_channel_group,
        walked.last_non_direct_channel_group,
        walked.channel_path,
        started.reporting_currency,
        coalesce(walked.touch_count, 0) as touch_count,
        coalesce(walked.channel_count, 0) as channel_count,
        coalesce(walked.human_contact_count, 0) as human_contact_count,
        case
            when started.converted_at is not null and walked.first_touch_at is not null then
                {{ days_between('walked.first_touch_at', 'started.converted_at') }}
        end as days_to_convert,
        started.value_amount,
        started.conversion_id is not null as is_converted,
        walked.first_touch_at,
        walked.last_touch_at,
        started.converted_at

    from started

    left join walked
        on started.journey_id = walked.journey_id

)

select * from joined
