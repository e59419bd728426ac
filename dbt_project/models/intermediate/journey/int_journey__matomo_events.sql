{{ config(materialized='view') }}

with

actions as (

    select * from {{ ref('stg_matomo__actions') }}

),

described as (

    select
        'matomo' as source,
        visit_id,
        user_key,
        case action_type
            when 'action' then 'view'
            when 'ecommerceOrder' then 'order'
            when 'ecommerceAbandonedCart' then 'abandoned_cart'
            else action_type
        end as event_type,
        page_path,
        event_category,
        event_action,
        order_key,
        action_position as event_position,
        revenue_amount,
        occurred_at

    from actions

)

select * from described
