-- Which types of identifiers records and persons carry together; zero records means never.
with

identifiers as (

    select *

    from {{ ref('int_identity__identifiers') }}

    where observation_count > 0

),

links as (

    select * from {{ ref('int_identity__person_links') }}

),

rules as (

    select * from {{ ref('identity_rules') }}

),

types_per_record as (

    select
        source,
        record_key,
        {{ string_set('identifier_type') }} as types

    from identifiers

    group by source, record_key

),

types_per_person as (

    select
        person_id,
        {{ string_set('identifier_type') }} as types

    from links

    group by person_id

),

combinations as (

    select
        types,
        count(*) as record_count,
        0 as person_count

    from types_per_record

    group by types

    union all

    select
        types,
        0 as record_count,
        count(*) as person_count

    from types_per_person

    group by types

),

pairs as (

    select
        left_rules.identifier_type as left_type,
        right_rules.identifier_type as right_type

    from rules as left_rules

    inner join rules as right_rules
        on left_rules.priority < right_rules.priority

),

counted as (

    select
        pairs.left_type,
        pairs.right_type,
        sum(combinations.record_count) as record_count,
        sum(combinations.person_count) as person_count

    from pairs

    left join combinations
        on
            ',' || combinations.types || ',' like '%,' || pairs.left_type || ',%'
            and ',' || combinations.types || ',' like '%,' || pairs.right_type || ',%'

    group by pairs.left_type, pairs.right_type

),

keyed as (

    select
        {{ surrogate_key(['left_type', 'right_type']) }} as type_pair_id,
        left_type,
        right_type,
        cast(coalesce(record_count, 0) as int) as record_count,
        cast(coalesce(person_count, 0) as int) as person_count,
        coalesce(record_count, 0) = 0 as is_never_together

    from counted

)

select * from keyed
