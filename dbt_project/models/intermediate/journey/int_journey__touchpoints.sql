-- Only of people who do not object to analytics now; the device's own permission at the time was
-- checked before the event was stored.
with

sessions as (

    select *

    from {{ ref('int_journey__sessions_attributed') }}

    where not is_excluded and person_id is not null

),

signals as (

    select * from {{ ref('int_lifecycle__signals') }}

),

signal_rules as (

    select *

    from {{ ref('signals') }}

    where touchpoint_kind is not null and signal <> 'session_started'

),

objections as (

    select *

    from {{ ref('int_consent__person_states') }}

    where analytics_consent = 'denied'

),

spend as (

    select * from {{ ref('int_journey__spend') }}

),

rules as (

    select {{ setting_text('business_time_zone') }} as time_zone

),

paid_for as (

    select
        spend.spend_date,
        spend.campaign_name,
        spend.source,
        spend.medium,
        spend.spend_amount / count(*) as session_cost_amount

    from spend

    inner join sessions
        on
            spend.spend_date = sessions.started_date
            and spend.campaign_name = sessions.campaign_name
            and spend.source = sessions.source
            and spend.medium = sessions.medium

    group by
        spend.spend_date, spend.campaign_name, spend.source, spend.medium, spend.spend_amount

),

stacked as (

    select
        sessions.session_id as touchpoint_id,
        sessions.person_id,
        'session' as kind,
        sessions.source_system,
        sessions.channel_group,
        sessions.source,
        sessions.medium,
        sessions.campaign_name,
        'inbound' as direction,
        cast(paid_for.session_cost_amount as {{ t_money() }}) as cost_amount,
        sessions.is_paid,
        false as is_human_contact,
        sessions.started_date as occurred_date,
        sessions.started_at as occurred_at
    from sessions
    left join paid_for
        on
            sessions.started_date = paid_for.spend_date
            and sessions.campaign_name = paid_for.campaign_name
            and sessions.source = paid_for.source
            and sessions.medium = paid_for.medium

    union all

    select
        {{ surrogate_key([
            'signals.signal', 'signals.source_system', 'signals.reference_id', 'signals.person_id',
        ]) }} as touchpoint_id,
        signals.person_id,
        signal_rules.touchpoint_kind as kind,
        signals.source_system,
        signal_rules.channel_group,
        cast(null as {{ t_text() }}) as source,
        cast(null as {{ t_text() }}) as medium,
        cast(null as {{ t_text() }}) as campaign_name,
        signal_rules.direction,
        cast(null as {{ t_money() }}) as cost_amount,
        false as is_paid,
        signal_rules.is_human_contact = 1 as is_human_contact,
        {{ local_date('signals.occurred_at', 'rules.time_zone') }} as occurred_date,
        signals.occurred_at
    from signals
    inner join signal_rules
        on signals.signal = signal_rules.signal
    cross join rules

),

permitted as (

    select stacked.*

    from stacked

    left join objections
        on stacked.person_id = objections.person_id

    where objections.person_id is null

)

select * from permitted
