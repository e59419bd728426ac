with

segments as (

    select * from {{ ref('segment_definitions') }}

),

members as (

    select * from {{ ref('int_customer__segment_permissions') }}

),

counted as (

    select
        segment,
        cast(count(*) as int) as member_count,
        cast(sum(case when is_permitted then 1 else 0 end) as int) as permitted_member_count

    from members

    group by segment

),

joined as (

    select
        segments.segment,
        segments.purpose,
        segments.channel,
        segments.owner,
        segments.description,
        coalesce(counted.member_count, 0) as member_count,
        coalesce(counted.permitted_member_count, 0) as permitted_member_count

    from segments

    left join counted
        on segments.segment = counted.segment

)

select * from joined
