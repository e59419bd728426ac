{{ config(materialized='view') }}

with

prepared as (

    select * from {{ ref('int_journey__journeys') }}

),

chosen as (

    select
        journey_id,
        person_id,
        conversion_id,
        conversion,
        first_channel_group,
        last_channel_group,
        last_non_direct_channel_group,
        channel_path,
        reporting_currency,
        touch_count,
        channel_count,
        human_contact_count,
        days_to_convert,
        value_amount,
        is_converted,
        first_touch_at,
        last_touch_at,
        converted_at

    from prepared

)

select * from chosen
