with

companies as (

    select * from {{ ref('stg_hubspot__companies') }}

),

profiles as (

    select *

    from {{ ref('int_customer__profiles') }}

    where account_id is not null

),

engagement as (

    select * from {{ ref('int_customer__engagement') }}

),

purchases as (

    select * from {{ ref('int_customer__purchases') }}

),

opportunities as (

    select * from {{ ref('int_sales__opportunities') }}

),

rules as (

    select {{ setting_text('reporting_currency') }} as reporting_currency

),

people as (

    select
        profiles.account_id,
        cast(count(*) as int) as person_count,
        cast(
            sum(case when engagement.session_30d_count > 0 then 1 else 0 end) as int
        ) as active_person_30d_count,
        cast(coalesce(sum(engagement.session_count), 0) as int) as session_count,
        cast(coalesce(sum(engagement.engaged_session_count), 0) as int) as engaged_session_count,
        cast(coalesce(sum(purchases.order_count), 0) as int) as order_count,
        cast(coalesce(sum(purchases.unconverted_order_count), 0) as int)
            as unconverted_order_count,
        cast(coalesce(sum(purchases.order_amount), 0) as {{ t_money() }}) as order_amount,
        max(engagement.last_session_at) as last_session_at

    from profiles

    left join engagement
        on profiles.person_id = engagement.person_id

    left join purchases
        on profiles.person_id = purchases.person_id

    group by profiles.account_id

),

deals as (

    select
        account_id,
        cast(sum(case when outcome = 'open' then 1 else 0 end) as int) as open_opportunity_count,
        cast(sum(case when outcome = 'won' then 1 else 0 end) as int) as won_opportunity_count,
        cast(sum(case when outcome = 'lost' then 1 else 0 end) as int) as lost_opportunity_count,
        cast(
            sum(case when outcome <> 'lost' and reporting_amount is null then 1 else 0 end) as int
        ) as unvalued_opportunity_count,
        cast(
            coalesce(sum(case when outcome = 'open' then reporting_amount end), 0)
            as {{ t_money() }}
        ) as open_opportunity_amount,
        cast(
            coalesce(sum(case when outcome = 'won' then reporting_amount end), 0)
            as {{ t_money() }}
        ) as won_opportunity_amount

    from opportunities

    where account_id is not null

    group by account_id

),

joined as (

    select
        companies.hubspot_company_id as account_id,
        'hubspot' as source_system,
        companies.company_name as account_name,
        companies.domain,
        companies.industry,
        upper(companies.country_code) as country_code,
        rules.reporting_currency,
        cast(companies.employee_count as int) as employee_count,
        coalesce(people.person_count, 0) as person_count,
        coalesce(people.active_person_30d_count, 0) as active_person_30d_count,
        coalesce(people.session_count, 0) as session_count,
        coalesce(people.engaged_session_count, 0) as engaged_session_count,
        coalesce(people.order_count, 0) as order_count,
        coalesce(deals.open_opportunity_count, 0) as open_opportunity_count,
        coalesce(deals.won_opportunity_count, 0) as won_opportunity_count,
        coalesce(deals.lost_opportunity_count, 0) as lost_opportunity_count,
        coalesce(people.unconverted_order_count, 0) as unconverted_order_count,
        coalesce(deals.unvalued_opportunity_count, 0) as unvalued_opportunity_count,
        cast(coalesce(people.order_amount, 0) as {{ t_money() }}) as order_amount,
        cast(coalesce(deals.open_opportunity_amount, 0) as {{ t_money() }})
            as open_opportunity_amount,
        cast(coalesce(deals.won_opportunity_amount, 0) as {{ t_money() }})
            as won_opportunity_amount,
        coalesce(companies.is_archived, false) as is_archived,
        people.last_session_at,
        companies.created_at

    from companies

    cross join rules

    left join people
        on companies.hubspot_company_id = people.account_id

    left join deals
        on companies.hubspot_company_id = deals.account_id

)

select * from joined
