-- Each deal's stages in time; a deal without history holds its present stage since its creation.
with

history as (

    select * from {{ ref('stg_hubspot__deal_stage_history') }}

),

opportunities as (

    select * from {{ ref('int_sales__opportunities') }}

),

stages as (

    select * from {{ ref('deal_stages') }}

),

entries as (

    select
        hubspot_deal_id as opportunity_id,
        deal_stage,
        entered_at
    from history
    where entered_at is not null

    union all

    select
        opportunities.opportunity_id,
        opportunities.deal_stage,
        opportunities.created_at as entered_at
    from opportunities
    left join history
        on opportunities.opportunity_id = history.hubspot_deal_id
    where history.hubspot_deal_id is null

),

intervals as (

    select
        opportunities.opportunity_id,
        opportunities.pipeline,
        entries.deal_stage,
        stages.stage_order,
        coalesce(stages.outcome, 'open') as stage_outcome,
        coalesce(stages.win_probability, 0) as win_probability,
        opportunities.reporting_amount,
        entries.entered_at,
        coalesce(
            lead(entries.entered_at) over (
                partition by entries.opportunity_id
                order by entries.entered_at asc, stages.stage_order asc nulls first
            ),
            {{ end_of_time() }}
        ) as left_at

    from entries

    inner join opportunities
        on entries.opportunity_id = opportunities.opportunity_id

    left join stages
        on
            opportunities.pipeline = stages.pipeline
            and entries.deal_stage = stages.deal_stage

)

select * from intervals
