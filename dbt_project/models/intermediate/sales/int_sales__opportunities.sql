with

deals as (

    select * from {{ ref('stg_hubspot__deals') }}

),

associations as (

    select * from {{ ref('stg_hubspot__associations') }}

),

contacts as (

    select * from {{ ref('stg_hubspot__contacts') }}

),

links as (

    select * from {{ ref('int_identity__person_links') }}

),

stages as (

    select * from {{ ref('deal_stages') }}

),

rates as (

    select * from {{ ref('int_commerce__rates') }}

),

rules as (

    select {{ as_of() }} as as_of

),

pairs as (

    select
        from_id as hubspot_deal_id,
        to_type,
        to_id,
        label

    from associations

    where from_type in ('deals', 'deal') and not coalesce(is_deleted, false)

    union

    select
        to_id as hubspot_deal_id,
        from_type as to_type,
        from_id as to_id,
        label

    from associations

    where
        to_type in ('deals', 'deal')
        and from_type not in ('deals', 'deal')
        and not coalesce(is_deleted, false)

),

companies as (

    select
        hubspot_deal_id,
        min(to_id) as company_hubspot_id

    from pairs

    where to_type in ('companies', 'company')

    group by hubspot_deal_id

),

buyers as (

    select
        pairs.hubspot_deal_id,
        cast(count(distinct links.person_id) as int) as buying_group_size,
        min(links.person_id) as first_person_id,
        min(
            case
                when lower(pairs.label) in ('decision maker', 'primary', 'champion')
                    then links.person_id
            end
        ) as leading_person_id

    from pairs

    inner join contacts
        on pairs.to_id = contacts.hubspot_contact_id

    inner join links
        on contacts.subject_key = links.subject_key

    cross join rules

    where
        pairs.to_type in ('contacts', 'contact')
        and rules.as_of >= links.valid_from
        and rules.as_of < links.valid_to

    group by pairs.hubspot_deal_id

),

shaped as (

    select
        deals.hubspot_deal_id as opportunity_id,
        'hubspot' as source_system,
        coalesce(buyers.leading_person_id, buyers.first_person_id) as person_id,
        companies.company_hubspot_id as account_id,
        deals.pipeline,
        deals.deal_stage,
        stages.stage_order,
        case
            when deals.is_won then 'won'
            when deals.is_closed then 'lost'
            else 'open'
        end as outcome,
        deals.currency,
        coalesce(buyers.buying_group_size, 0) as buying_group_size,
        cast(deals.amount as {{ t_money() }}) as amount,
        cast(deals.amount * rates.rate as {{ t_money() }}) as reporting_amount,
        rates.reporting_currency,
        case
            when deals.is_won then 1
            when deals.is_closed then 0
            else stages.win_probability
        end as win_probability,
        deals.created_at,
        deals.close_at,
        deals.updated_at

    from deals

    left join buyers
        on deals.hubspot_deal_id = buyers.hubspot_deal_id

    left join companies
        on deals.hubspot_deal_id = companies.hubspot_deal_id

    left join stages
        on
            deals.pipeline = stages.pipeline
            and deals.deal_stage = stages.deal_stage

    left join rates
        on
            deals.currency = rates.currency
            and cast(deals.created_at as date) >= rates.valid_from
            and cast(deals.created_at as date) < rates.valid_to

    where not coalesce(deals.is_archived, false)

)

select * from shaped
