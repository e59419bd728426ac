{{ config(materialized='view') }}

with

visits as (

    select * from {{ ref('int_journey__web_visits') }}

),

summarised as (

    select
        subject_key,
        cast(count(*) as {{ t_text() }})
        || '|' || cast(coalesce(sum(event_count), 0) as {{ t_text() }})
        || '|' || cast(max(observed_at) as {{ t_text() }}) as visitor_state

    from visits

    group by subject_key

)

select * from summarised
