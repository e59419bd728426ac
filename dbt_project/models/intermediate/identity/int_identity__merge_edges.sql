{{ config(schema='identity', alias='merge_edges', tags=['observe']) }}

with

hubspot_merges as (

    select * from {{ ref('stg_hubspot__contact_merges') }}

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

    where merged_key is not null and surviving_key is not null

)

select * from edges
