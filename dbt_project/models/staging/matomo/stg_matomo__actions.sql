with

source as (

    select * from {{ source('raw_matomo', 'actions') }}

),

completed as (

    select load_id
    from {{ source('raw_matomo', '_dlt_loads') }}
    where status = 0

),

typed as (

    select
        -- ids
        cast(visit_id as {{ t_text() }}) as visit_id,
        cast(subject_key as {{ t_text() }}) as subject_key,
        cast(user_key as {{ t_text() }}) as user_key,
        cast(order_id as {{ t_text() }}) as order_id,
        cast(order_key as {{ t_text() }}) as order_key,

        -- strings
        cast(action_type as {{ t_text() }}) as action_type,
        cast(page_path as {{ t_text() }}) as page_path,
        cast(page_title as {{ t_text() }}) as page_title,
        cast(event_category as {{ t_text() }}) as event_category,
        cast(event_action as {{ t_text() }}) as event_action,
        cast(event_name as {{ t_text() }}) as event_name,
        cast(search_keyword as {{ t_text() }}) as search_keyword,

        -- numerics
        cast(action_position as bigint) as action_position,
        cast(revenue_amount as {{ t_money() }}) as revenue_amount,

        -- timestamps
        cast(occurred_at as timestamp) as occurred_at

    from source
    where _dlt_load_id in (select completed.load_id from completed)

)

select * from typed
