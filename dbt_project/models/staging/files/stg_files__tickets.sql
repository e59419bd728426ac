with

source as (

    select * from {{ source('raw_files', 'tickets') }}

),

completed as (

    select load_id

    from {{ source('raw_files', '_dlt_loads') }}

    where status = 0

),

typed as (

    select
        -- ids
        cast(ticket_id as {{ t_text() }}) as ticket_id,
        cast(subject_key as {{ t_text() }}) as subject_key,
        cast(email_key as {{ t_text() }}) as email_key,
        cast(order_key as {{ t_text() }}) as order_key,

        -- strings
        cast(channel as {{ t_text() }}) as channel,
        cast(category as {{ t_text() }}) as category,
        cast(status as {{ t_text() }}) as status,
        cast(priority as {{ t_text() }}) as priority,
        cast(topic as {{ t_text() }}) as topic,

        -- numerics
        cast(satisfaction_score as bigint) as satisfaction_score,

        -- timestamps
        cast(created_at as timestamp) as created_at,
        cast(first_reply_at as timestamp) as first_reply_at,
        cast(solved_at as timestamp) as solved_at,
        cast(updated_at as timestamp) as updated_at

    from source
    where _dlt_load_id in (select completed.load_id from completed)

)

select * from typed
