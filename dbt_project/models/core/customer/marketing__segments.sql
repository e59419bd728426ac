-- Marketing sees who permitted. Beside that list a total would tell how many did not, and of a
-- small rest who: the total is left out unless nobody or enough people make the difference.
with

segments as (

    select * from {{ ref('segments') }}

),

visible as (

    select
        segment,
        cast(count(*) as int) as visible_member_count

    from {{ ref('marketing__segment_members') }}

    group by segment

),

rules as (

    select {{ setting('minimum_group_size') }} as minimum_group_size

),

compared as (

    select
        segments.segment,
        segments.purpose,
        segments.channel,
        segments.owner,
        segments.description,
        segments.member_count,
        coalesce(visible.visible_member_count, 0) as permitted_member_count,
        segments.member_count - coalesce(visible.visible_member_count, 0) as hidden_member_count,
        rules.minimum_group_size

    from segments

    cross join rules

    left join visible
        on segments.segment = visible.segment

),

suppressed as (

    select
        segment,
        purpose,
        channel,
        owner,
        description,
        case
            when hidden_member_count = 0 or hidden_member_count >= minimum_group_size
                then member_count
        end as member_count,
        permitted_member_count

    from compared

)

select * from suppressed
