{{ config(materialized='view') }}

with

vendors as (

    {{ union_all(
        ['int_journey__matomo_events'],
        [
            'source', 'visit_id', 'user_key', 'event_type', 'page_path', 'event_category',
            'event_action', 'order_key', 'event_position', 'revenue_amount', 'occurred_at',
        ]
    ) }}

)

select * from vendors
