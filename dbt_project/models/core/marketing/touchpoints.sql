{{ config(materialized='view') }}

with

prepared as (

    select * from {{ ref('int_journey__touchpoints') }}

),

chosen as (

    select
        touchpoint_id,
        person_id,
        kind,
        source_system,
        channel_group,
        source,
        medium,
        campaign_name,
        direction,
        cost_amount,
        is_paid,
        is_human_contact,
        occurred_date,
        occurred_at

    from prepared

)

select * from chosen
