{{ config(
    schema='identity', alias='identifiers', tags=['observe'],
    materialized='incremental',
    incremental_strategy='merge',
    unique_key=['subject_key', 'record_key', 'source', 'identifier_type'],
    on_schema_change='fail',
    indexes=[
        {'columns': ['subject_key', 'record_key', 'source', 'identifier_type'], 'unique': true},
        {'columns': ['source', 'record_key']},
    ]
) }}

-- Rows that did not change stay physically as they are: the identity engine finds news by the
-- transaction that wrote a row. What is no longer observed is kept with a count of zero, so that
-- the engine sees what it must take apart; a full build leaves such rows out.
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

){% if is_incremental() %}
    ,

    known as (

        select * from {{ this }}

    ),

    changed as (

        select
            coalesce(observed.source, known.source) as source,
            coalesce(observed.record_key, known.record_key) as record_key,
            coalesce(observed.identifier_type, known.identifier_type) as identifier_type,
            coalesce(observed.subject_key, known.subject_key) as subject_key,
            coalesce(observed.first_seen, known.first_seen) as first_seen,
            coalesce(observed.last_seen, known.last_seen) as last_seen,
            coalesce(observed.observation_count, 0) as observation_count

        from observed

        full outer join known
            on
                observed.subject_key = known.subject_key
                and observed.record_key = known.record_key
                and observed.source = known.source
                and observed.identifier_type = known.identifier_type

        where
            known.subject_key is null
            or known.observation_count <> coalesce(observed.observation_count, 0)
            or (
                observed.subject_key is not null
                and (
                    known.first_seen is distinct from observed.first_seen
                    or known.last_seen is distinct from observed.last_seen
                )
            )

    )

    select * from changed
{% else %}

    select * from observed
{% endif %}
