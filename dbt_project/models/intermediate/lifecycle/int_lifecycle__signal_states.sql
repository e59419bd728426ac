with

signals as (

    select * from {{ ref('int_lifecycle__signals') }}

),

summarised as (

    select
        person_id,
        {{ rows_digest(['signal', 'occurred_at', 'reporting_amount']) }} as signal_state

    from signals

    group by person_id

)

select * from summarised
