{{ config(materialized='view') }}

with

prepared as (

    select * from {{ ref('int_journey__conversions') }}

),

chosen as (

    select
        conversion_id,
        person_id,
        conversion,
        source_system,
        reference_id,
        reporting_currency,
        lookback_days,
        value_amount,
        is_revenue,
        converted_date,
        converted_at

    from prepared

)

select * from chosen
