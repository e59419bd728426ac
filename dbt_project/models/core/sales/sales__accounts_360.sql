{{ config(materialized='view') }}

with

accounts as (

    select * from {{ ref('int_sales__accounts') }}

),

chosen as (

    select
        account_id,
        source_system,
        account_name,
        domain,
        industry,
        country_code,
        reporting_currency,
        employee_count,
        person_count,
        order_count,
        open_opportunity_count,
        won_opportunity_count,
        lost_opportunity_count,
        unconverted_order_count,
        unvalued_opportunity_count,
        order_amount,
        open_opportunity_amount,
        won_opportunity_amount,
        is_archived,
        created_at

    from accounts

)

select * from chosen
