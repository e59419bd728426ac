with

visits as (

    select * from {{ ref('stg_matomo__visits') }}

),

actions as (

    select * from {{ ref('stg_matomo__actions') }}

),

-- A device, its user and the day make one record, so that a shared device stays divisible.
-- Device and user keys have a fixed length and hex digits only, which keeps the record key unique.
visits_named as (

    select
        visit_id,
        subject_key,
        user_key,
        started_at,
        ended_at,
        subject_key || '/' || coalesce(user_key, '-') || '/'
        || cast(cast(started_at as date) as {{ t_text() }}) as record_key
    from visits

),

carried as (

    select
        record_key,
        'anonymous_id' as identifier_type,
        subject_key,
        started_at as first_seen,
        ended_at as last_seen
    from visits_named

    union all

    select
        record_key,
        'user_id' as identifier_type,
        user_key as subject_key,
        started_at as first_seen,
        ended_at as last_seen
    from visits_named
    where user_key is not null

    union all

    select
        visits_named.record_key,
        'order_id' as identifier_type,
        actions.order_key as subject_key,
        actions.occurred_at as first_seen,
        actions.occurred_at as last_seen
    from actions
    inner join visits_named on actions.visit_id = visits_named.visit_id
    where actions.order_key is not null

),

identifiers as (

    select
        'matomo' as source,
        record_key,
        identifier_type,
        subject_key,
        min(first_seen) as first_seen,
        max(last_seen) as last_seen,
        cast(count(*) as bigint) as observation_count
    from carried
    group by record_key, identifier_type, subject_key

)

select * from identifiers
