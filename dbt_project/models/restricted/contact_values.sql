{# Values that may become a person's, ranked: the declared order of origins, then the newest. #}

with

stored as (

    select * from {{ source('vault', 'contact_values') }}

),

links as (

    select * from {{ ref('int_identity__person_links') }}

),

origins as (

    select * from {{ ref('consent_contact_survivorship') }}

),

owned as (

    select
        links.person_id,
        origins.attribute,
        stored.subject_key,
        stored.source,
        stored.record_key,
        stored.value,
        stored.observed_at,
        row_number() over (
            partition by links.person_id, origins.attribute
            order by
                origins.priority asc,
                stored.observed_at desc,
                stored.source asc,
                stored.record_key asc
        ) as survival_rank

    from stored

    inner join origins
        on
            replace(stored.source, 'raw_', '') = origins.source
            and stored.field = origins.field
            and stored.record_key like origins.record_type || '/%'

    inner join links
        on
            stored.subject_key = links.subject_key
            and links.valid_to = {{ end_of_time() }}

    where stored.value <> ''

)

select * from owned
