with

links as (

    select * from {{ ref('int_identity__person_links') }}

),

clock as (

    select {{ as_of() }} as as_of

),

counted as (

    select
        links.person_id,
        cast(count(*) as int) as identifier_count,
        cast(sum(case when links.identifier_type = 'email' then 1 else 0 end) as int)
            as email_count,
        cast(sum(case when links.identifier_type = 'phone' then 1 else 0 end) as int)
            as phone_count,
        cast(sum(case when links.identifier_type = 'anonymous_id' then 1 else 0 end) as int)
            as device_count,
        max(case when links.identifier_type <> 'anonymous_id' then 1 else 0 end) = 1 as is_known

    from links

    cross join clock

    where clock.as_of >= links.valid_from and clock.as_of < links.valid_to

    group by links.person_id

)

select * from counted
