with

history as (

    select * from {{ source('identity', 'history') }}

),

counted as (

    select
        cast(recorded_at as date) as recorded_date,
        kind,
        cast(count(*) as int) as event_count

    from history

    group by cast(recorded_at as date), kind

),

keyed as (

    select
        {{ surrogate_key(['recorded_date', 'kind']) }} as identity_change_id,
        recorded_date,
        kind,
        event_count

    from counted

)

select * from keyed
