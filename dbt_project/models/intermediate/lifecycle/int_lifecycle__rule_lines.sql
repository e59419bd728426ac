{{ config(materialized='view') }}

with

lifecycle_rules as (

    select * from {{ ref('lifecycle_rules') }}

),

numbered as (

    select
        cast(row_number() over (
            order by priority asc, trait asc, measure asc, operator asc, threshold asc
        ) as int) as line_number,
        priority,
        trait,
        measure,
        operator,
        threshold,
        window_days

    from lifecycle_rules

)

select * from numbered
