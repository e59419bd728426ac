with

signals as (

    select *

    from {{ ref('int_lifecycle__signals') }}

    where signal in ('support_called', 'ticket_opened')

),

solved as (

    select distinct
        source_system,
        reference_id

    from {{ ref('int_lifecycle__signals') }}

    where signal = 'ticket_solved'

),

counted as (

    select
        signals.person_id,
        cast(sum(case when signals.signal = 'support_called' then 1 else 0 end) as int)
            as support_call_count,
        cast(sum(case when signals.signal = 'ticket_opened' then 1 else 0 end) as int)
            as ticket_count,
        cast(
            sum(
                case
                    when signals.signal = 'ticket_opened' and solved.reference_id is null then 1
                    else 0
                end
            ) as int
        ) as open_ticket_count,
        max(signals.occurred_at) as last_service_contact_at

    from signals

    left join solved
        on
            signals.source_system = solved.source_system
            and signals.reference_id = solved.reference_id

    group by signals.person_id

)

select * from counted
