{{ config(materialized='view') }}

with

visits as (

    select * from {{ ref('int_journey__web_visits') }}

),

summarised as (

    select
        subject_key,
        cast(count(*) as {{ t_text() }}) || '|' || cast(
            sum(
                cast(
                    {{ hash_int(surrogate_key([
                        'source', 'visit_id', 'user_key', 'campaign_name', 'campaign_source',
                        'campaign_medium', 'click_id_type', 'referrer_host', 'event_count',
                        'is_bot', 'observed_at',
                    ])) }} as numeric(38, 0)
                )
            ) as {{ t_text() }}
        ) as visitor_state

    from visits

    group by subject_key

)

select * from summarised
