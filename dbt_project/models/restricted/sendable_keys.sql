{{ config(indexes=[{'columns': ['subject_key']}]) }}

{# Every key of everybody, by the links that the sendable table was built with. #}

with

links as (

    select distinct
        subject_key,
        person_id

    from {{ ref('int_identity__person_links') }}

)

select * from links
