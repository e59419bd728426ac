-- The first time each person enters each stage of the shared funnel.
with

signals as (

    select * from {{ ref('int_lifecycle__signals') }}

),

funnel_rules as (

    select * from {{ ref('funnel_rules') }}

),

engagement as (

    select * from {{ ref('int_customer__engagement') }}

),

entered as (

    select
        signals.person_id,
        funnel_rules.funnel_stage,
        funnel_rules.stage_order,
        min(signals.occurred_at) as entered_at

    from signals

    inner join funnel_rules
        on signals.signal = funnel_rules.signal

    group by signals.person_id, funnel_rules.funnel_stage, funnel_rules.stage_order

),

followed as (

    select
        entered.person_id,
        entered.funnel_stage,
        entered.stage_order,
        coalesce(engagement.first_channel_group, 'Unassigned') as first_channel_group,
        entered.entered_at,
        lead(entered.entered_at) over (
            partition by entered.person_id order by entered.stage_order asc
        ) as advanced_at

    from entered

    left join engagement
        on entered.person_id = engagement.person_id

)

select * from followed
