{{ config(group='privacy', indexes=[{'columns': ['person_id'], 'unique': true}]) }}

{# Per living person: where they live and how old at least, and as one number what all their states
   follow from: who they are, that, the keys they held and when, what was said under those, and the
   rules. No known country, or records that contradict each other, is the jurisdiction with the
   strictest policies. #}

with

links as (

    select * from {{ ref('int_consent__holder_links') }}

),

subjects as (

    select * from {{ ref('int_consent__subject_inputs') }}

),

places as (

    select * from {{ ref('int_consent__subject_places') }}

),

gathered as (

    select
        links.person_id,
        min(places.jurisdiction) as first_jurisdiction,
        max(places.jurisdiction) as last_jurisdiction,
        min(places.lowest_age) as lowest_age,
        {{ sum_int(
            "case when subjects.subject_key is not null then " ~ row_int([
                'links.valid_from', 'links.valid_to', 'links.refusals_from',
                'subjects.holder_state',
            ]) ~ " end"
        ) }} as told

    from links

    left join subjects
        on links.subject_key = subjects.subject_key

    left join places
        on links.subject_key = places.subject_key

    group by links.person_id

),

placed as (

    select
        person_id,
        lowest_age,
        told,
        case
            when first_jurisdiction = last_jurisdiction then first_jurisdiction
            else '*'
        end as jurisdiction

    from gathered

),

digested as (

    select
        placed.person_id,
        placed.jurisdiction,
        placed.lowest_age,
        {{ row_int([
            'placed.person_id', 'placed.told', 'placed.jurisdiction', 'placed.lowest_age',
            consent_rules_key(),
        ]) }} as holder_state

    from placed

)

select * from digested
