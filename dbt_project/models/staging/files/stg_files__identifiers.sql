with

sales as (

    select * from {{ ref('stg_files__pos_sales') }}

),

calls as (

    select * from {{ ref('stg_files__calls') }}

),

tickets as (

    select * from {{ ref('stg_files__tickets') }}

),

carried as (

    select
        'pos_sales/' || receipt_id as record_key,
        'order_id' as identifier_type,
        order_key as subject_key,
        sold_at as first_seen,
        sold_at as last_seen
    from sales

    union all

    select
        'pos_sales/' || receipt_id as record_key,
        'user_id' as identifier_type,
        user_key as subject_key,
        sold_at as first_seen,
        sold_at as last_seen
    from sales

    union all

    select
        'pos_sales/' || receipt_id as record_key,
        'email' as identifier_type,
        email_key as subject_key,
        sold_at as first_seen,
        sold_at as last_seen
    from sales

    union all

    select
        'pos_sales/' || receipt_id as record_key,
        'phone' as identifier_type,
        phone_key as subject_key,
        sold_at as first_seen,
        sold_at as last_seen
    from sales

    union all

    select
        'calls/' || call_id as record_key,
        'user_id' as identifier_type,
        user_key as subject_key,
        started_at as first_seen,
        started_at as last_seen
    from calls

    union all

    select
        'calls/' || call_id as record_key,
        'phone' as identifier_type,
        phone_key as subject_key,
        started_at as first_seen,
        started_at as last_seen
    from calls

    union all

    select
        'tickets/' || ticket_id as record_key,
        'email' as identifier_type,
        email_key as subject_key,
        created_at as first_seen,
        created_at as last_seen
    from tickets

    union all

    select
        'tickets/' || ticket_id as record_key,
        'order_id' as identifier_type,
        order_key as subject_key,
        created_at as first_seen,
        created_at as last_seen
    from tickets

),

identifiers as (

    select
        'files' as source,
        record_key,
        identifier_type,
        subject_key,
        first_seen,
        last_seen,
        cast(1 as bigint) as observation_count
    from carried
    where subject_key is not null

)

select * from identifiers
