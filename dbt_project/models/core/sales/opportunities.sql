{{ config(materialized='view') }}

with

shaped as (

    select * from {{ ref('int_sales__opportunities') }}

),

chosen as (

    select
        opportunity_id,
        source_system,
        person_id,
        account_id,
        pipeline,
        deal_stage,
        outcome,
        currency,
        reporting_currency,
        stage_order,
        buying_group_size,
        win_probability,
        amount,
        reporting_amount,
        cast(
            case when outcome = 'open' then reporting_amount * win_probability end
            as {{ t_money() }}
        ) as weighted_amount,
        created_at,
        close_at,
        updated_at

    from shaped

)

select * from chosen
