with

links as (

    select * from {{ ref('int_identity__person_links') }}

),

identifiers as (

    select distinct
        person_id,
        subject_key

    from links

),

identifiers_per_person as (

    select
        person_id,
        count(*) as identifier_count

    from identifiers

    group by person_id

),

persons_per_size as (

    select
        cast(identifier_count as int) as identifier_count,
        cast(count(*) as int) as person_count

    from identifiers_per_person

    group by identifier_count

)

select * from persons_per_size
