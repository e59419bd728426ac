with

persons as (

    select * from {{ ref('customer_360') }}

),

persons_per_size as (

    select
        identifier_count,
        cast(count(*) as int) as person_count

    from persons

    group by identifier_count

)

select * from persons_per_size
