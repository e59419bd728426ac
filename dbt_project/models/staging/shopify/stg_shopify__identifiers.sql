with

customers as (

    select * from {{ ref('stg_shopify__customers') }}

),

orders as (

    select * from {{ ref('stg_shopify__orders') }}

),

carried as (

    select
        'customers/' || shopify_customer_id as record_key,
        'shopify_customer_id' as identifier_type,
        subject_key,
        created_at as first_seen,
        updated_at as last_seen
    from customers

    union all

    select
        'customers/' || shopify_customer_id as record_key,
        'user_id' as identifier_type,
        user_key as subject_key,
        created_at as first_seen,
        updated_at as last_seen
    from customers

    union all

    select
        'customers/' || shopify_customer_id as record_key,
        'email' as identifier_type,
        email_key as subject_key,
        created_at as first_seen,
        updated_at as last_seen
    from customers

    union all

    select
        'customers/' || shopify_customer_id as record_key,
        'phone' as identifier_type,
        phone_key as subject_key,
        created_at as first_seen,
        updated_at as last_seen
    from customers

    union all

    select
        'orders/' || shopify_order_id as record_key,
        'order_id' as identifier_type,
        order_key as subject_key,
        ordered_at as first_seen,
        ordered_at as last_seen
    from orders

    union all

    select
        'orders/' || shopify_order_id as record_key,
        'shopify_customer_id' as identifier_type,
        subject_key,
        ordered_at as first_seen,
        ordered_at as last_seen
    from orders
    where shopify_customer_id is not null

    union all

    select
        'orders/' || shopify_order_id as record_key,
        'email' as identifier_type,
        email_key as subject_key,
        ordered_at as first_seen,
        ordered_at as last_seen
    from orders

    union all

    select
        'orders/' || shopify_order_id as record_key,
        'phone' as identifier_type,
        phone_key as subject_key,
        ordered_at as first_seen,
        ordered_at as last_seen
    from orders

),

identifiers as (

    select
        'shopify' as source,
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
