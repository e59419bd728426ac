-- The path to each conversion: touchpoints of its cycle, from the look-back or the conversion of
-- the same kind before, up to the conversion itself.
with

conversions as (

    select * from {{ ref('int_journey__conversions') }}

),

touchpoints as (

    select * from {{ ref('int_journey__touchpoints') }}

),

cycles as (

    select
        conversion_id,
        person_id,
        converted_at,
        {{ ts_add('day', '-lookback_days', 'converted_at') }} as looked_back_to,
        lag(converted_at) over (
            partition by person_id, conversion
            order by converted_at asc, conversion_id asc
        ) as previous_converted_at

    from conversions

),

paths as (

    select
        cycles.conversion_id,
        touchpoints.touchpoint_id,
        cycles.person_id,
        touchpoints.kind,
        touchpoints.channel_group,
        touchpoints.source,
        touchpoints.medium,
        touchpoints.campaign_name,
        cast(row_number() over (
            partition by cycles.conversion_id
            order by {{ touch_order('touchpoints') }}
        ) as int) as touch_number,
        cast(count(*) over (partition by cycles.conversion_id) as int) as touch_count,
        touchpoints.is_human_contact,
        touchpoints.occurred_at

    from cycles

    inner join touchpoints
        on
            cycles.person_id = touchpoints.person_id
            and cycles.converted_at >= touchpoints.occurred_at
            and cycles.looked_back_to <= touchpoints.occurred_at
            and (
                cycles.previous_converted_at is null
                or cycles.previous_converted_at < touchpoints.occurred_at
            )

)

select * from paths
