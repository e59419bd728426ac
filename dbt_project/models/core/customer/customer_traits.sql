{{ config(materialized='view') }}

with

traits as (

    select * from {{ ref('int_customer__traits') }}

),

chosen as (

    select
        person_id,
        trait,
        value_text,
        value_number,
        value_at,
        observed_at

    from traits

)

select * from chosen
