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

    select
        {{ as_of() }} as as_of,
        {{ setting_text('business_time_zone') }} as time_zone

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

dated as (

    select
        deals.*,
        {{ local_date('deals.created_at', 'rules.time_zone') }} as created_date

    from deals

    cross join rules

    where not coalesce(deals.is_archived, false)

),

shaped as (

    select
        dated.hubspot_deal_id as opportunity_id,
        'hubspot' as source_system,
        coalesce(buyers.leading_person_id, buyers.first_person_id) as person_id,
        companies.company_hubspot_id as account_id,
        dated.pipeline,
        dated.deal_stage,
        stages.stage_order,
        case
            when dated.is_won then 'won'
            when dated.is_closed then 'lost'
            else 'open'
        end as outcome,
        dated.currency,
        coalesce(buyers.buying_group_size, 0) as buying_group_size,
        cast(dated.amount as {{ t_money() }}) as amount,
        cast(dated.amount * rates.rate as {{ t_money() }}) as reporting_amount,
        rates.reporting_currency,
        cast(
            case
                when dated.is_won then 1
                when dated.is_closed then 0
                else stages.win_probability
            end as numeric(5, 4)
        ) as win_probability,
        dated.created_at,
        dated.close_at,
        dated.updated_at

    from dated

    left join buyers
        on dated.hubspot_deal_id = buyers.hubspot_deal_id

    left join companies
        on dated.hubspot_deal_id = companies.hubspot_deal_id

    left join stages
        on
            dated.pipeline = stages.pipeline
            and dated.deal_stage = stages.deal_stage

    left join rates
        on
            dated.currency = rates.currency
            and dated.created_date >= rates.valid_from
            and dated.created_date < rates.valid_to

)

select * from shaped
