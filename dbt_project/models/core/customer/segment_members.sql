{{ config(materialized='view') }}

with

members as (

    select * from {{ ref('int_customer__segment_permissions') }}

),

chosen as (

    select
        segment,
        person_id,
        purpose_consent,
        is_permitted

    from members

)

select * from chosen
