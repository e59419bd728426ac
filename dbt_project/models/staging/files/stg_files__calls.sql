with

source as (

    select * from {{ source('raw_files', 'calls') }}

),

completed as (

    select load_id

    from {{ source('raw_files', '_dlt_loads') }}

    where status = 0

),

typed as (

    select
        -- ids
        cast(call_id as {{ t_text() }}) as call_id,
        cast(subject_key as {{ t_text() }}) as subject_key,
        cast(user_key as {{ t_text() }}) as user_key,
        cast(phone_key as {{ t_text() }}) as phone_key,

        -- strings
        cast(direction as {{ t_text() }}) as direction,
        cast(queue as {{ t_text() }}) as queue,
        cast(outcome as {{ t_text() }}) as outcome,
        cast(reason as {{ t_text() }}) as reason,
        cast(country_code as {{ t_text() }}) as country_code,

        -- timestamps
        cast(started_at as timestamp) as started_at,
        cast(ended_at as timestamp) as ended_at

    from source
    where _dlt_load_id in (select completed.load_id from completed)

)

select * from typed
