{{ config(materialized='view') }}

with

visits as (

    select * from {{ ref('int_journey__matomo_visits') }}

),

actions as (

    select * from {{ ref('stg_matomo__actions') }}

),

described as (

    select
        visits.source,
        visits.visit_id,
        visits.subject_key,
        coalesce(actions.user_key, visits.user_key) as user_key,
        case actions.action_type
            when 'action' then 'view'
            when 'ecommerceOrder' then 'order'
            when 'ecommerceAbandonedCart' then 'abandoned_cart'
            else actions.action_type
        end as event_type,
        actions.page_path,
        actions.event_category,
        actions.event_action,
        actions.order_key,
        visits.campaign_tags,
        actions.action_position as event_position,
        actions.revenue_amount,
        actions.occurred_at

    from actions

    inner join visits
        on actions.visit_id = visits.visit_id

)

select * from described
