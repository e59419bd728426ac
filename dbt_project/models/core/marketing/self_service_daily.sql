with

touchpoints as (

    select * from {{ ref('int_journey__touchpoints') }}

),

stages as (

    select * from {{ ref('int_lifecycle__stage_transitions') }}

),

staged as (

    select
        touchpoints.occurred_date as activity_date,
        touchpoints.kind,
        coalesce(touchpoints.channel_group, 'Unassigned') as channel_group,
        coalesce(stages.stage_family, 'unknown') as stage_family,
        touchpoints.is_human_contact

    from touchpoints

    left join stages
        on
            touchpoints.person_id = stages.person_id
            and touchpoints.occurred_at >= stages.valid_from
            and touchpoints.occurred_at < stages.valid_to

),

counted as (

    select
        {{ surrogate_key(['activity_date', 'kind', 'channel_group', 'stage_family']) }}
            as self_service_day_id,
        activity_date,
        kind,
        channel_group,
        stage_family,
        cast(count(*) as int) as interaction_count,
        cast(sum(case when is_human_contact then 0 else 1 end) as int) as self_service_count,
        cast(sum(case when is_human_contact then 1 else 0 end) as int) as human_contact_count

    from staged

    group by activity_date, kind, channel_group, stage_family

)

select * from counted
