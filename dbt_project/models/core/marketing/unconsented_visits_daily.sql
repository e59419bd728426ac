-- Groups under the minimum size are left out.
with

counted as (

    select * from {{ ref('stg_matomo__unconsented_daily') }}

),

rules as (

    select {{ setting('minimum_group_size') }} as minimum_group_size

),

large_enough as (

    select
        {{ surrogate_key([
            'counted.activity_date', 'counted.page_group', 'counted.country_code',
            'counted.source_class',
        ]) }} as unconsented_day_id,
        counted.activity_date,
        counted.page_group,
        upper(counted.country_code) as country_code,
        counted.source_class,
        cast(counted.visit_count as int) as visit_count,
        cast(counted.action_count as int) as action_count

    from counted

    cross join rules

    where counted.visit_count >= rules.minimum_group_size

)

select * from large_enough
