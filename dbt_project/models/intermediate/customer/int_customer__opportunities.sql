with

opportunities as (

    select * from {{ ref('int_sales__opportunities') }}

),

members as (

    select * from {{ ref('int_sales__buying_groups') }}

),

summarised as (

    select
        members.person_id,
        cast(sum(case when opportunities.outcome = 'open' then 1 else 0 end) as int)
            as open_opportunity_count,
        cast(sum(case when opportunities.outcome = 'won' then 1 else 0 end) as int)
            as won_opportunity_count,
        cast(
            sum(
                case when opportunities.outcome = 'open' then opportunities.reporting_amount end
            ) as {{ t_money() }}
        ) as open_opportunity_amount,
        cast(
            sum(
                case when opportunities.outcome = 'won' then opportunities.reporting_amount end
            ) as {{ t_money() }}
        ) as won_opportunity_amount

    from opportunities

    inner join members
        on opportunities.opportunity_id = members.opportunity_id

    group by members.person_id

)

select * from summarised
