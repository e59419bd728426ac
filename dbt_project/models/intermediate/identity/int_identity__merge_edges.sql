{{ config(schema='identity', alias='merge_edges', tags=['observe']) }}

with

hubspot_merges as (

    select * from {{ ref('stg_hubspot__contact_merges') }}

),

shopify_merges as (

    select * from {{ ref('stg_shopify__customer_merges') }}

),

edges as (

    select
        'hubspot' as source,
        merged_key as left_key,
        'hubspot_contact_id' as left_type,
        surviving_key as right_key,
        'hubspot_contact_id' as right_type,
        'vendor_merge' as kind,
        merged_at as occurred_at

    from hubspot_merges

    union all

    select
        'shopify' as source,
        merged_key as left_key,
        'shopify_customer_id' as left_type,
        surviving_key as right_key,
        'shopify_customer_id' as right_type,
        'vendor_merge' as kind,
        merged_at as occurred_at

    from shopify_merges

    union all

    -- An account's id is its login too: unless both logins count as one, a person has one.
    select
        'shopify' as source,
        merged_user_key as left_key,
        'user_id' as left_type,
        surviving_user_key as right_key,
        'user_id' as right_type,
        'vendor_merge' as kind,
        merged_at as occurred_at

    from shopify_merges

)

select * from edges
where left_key is not null and right_key is not null
