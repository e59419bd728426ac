{{ config(materialized='view') }}

with

vendors as (

    {{ union_all(
        ['int_journey__matomo_events'],
        [
            'source', 'visit_id', 'subject_key', 'user_key', 'event_type', 'page_path',
            'event_category', 'event_action', 'order_key', 'campaign_tags', 'event_position',
            'revenue_amount', 'occurred_at',
        ]
    ) }}

)

select * from vendors
