{{ config(
    schema='identity', alias='identifiers', tags=['observe'],
    indexes=[{'columns': ['subject_key']}, {'columns': ['source', 'record_key']}]
) }}

with

observed as (

    {{ union_all(
        [
            'stg_hubspot__identifiers', 'stg_matomo__identifiers', 'stg_shopify__identifiers',
            'stg_files__identifiers',
        ],
        [
            'source', 'record_key', 'identifier_type', 'subject_key',
            'first_seen', 'last_seen', 'observation_count',
        ]
    ) }}

),

complete as (

    select *

    from observed

    where subject_key is not null

)

select * from complete
