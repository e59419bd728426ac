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

-- A bit per type: what a record carries is one number, and nothing has to be sorted to tell it.
rules as (

    select
        identifier_type,
        priority,
        cast(power(2, row_number() over (order by identifier_type asc) - 1) as bigint) as type_bit

    from {{ ref('identity_rules') }}

),

types_per_record as (

    select
        identifiers.source,
        identifiers.record_key,
        bit_or(rules.type_bit) as types

    from identifiers

    inner join rules
        on identifiers.identifier_type = rules.identifier_type

    group by identifiers.source, identifiers.record_key

),

types_per_person as (

    select
        links.person_id,
        bit_or(rules.type_bit) as types

    from links

    inner join rules
        on links.identifier_type = rules.identifier_type

    group by links.person_id

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
        right_rules.identifier_type as right_type,
        left_rules.type_bit as left_bit,
        right_rules.type_bit as right_bit

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
            combinations.types & pairs.left_bit <> 0
            and combinations.types & pairs.right_bit <> 0

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
