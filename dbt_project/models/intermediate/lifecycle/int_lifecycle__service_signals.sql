{{ config(materialized='view') }}

-- Dated facts of calls and tickets.
with

calls as (

    select * from {{ ref('stg_files__calls') }}

),

tickets as (

    select * from {{ ref('stg_files__tickets') }}

),

stacked as (

    select
        case lower(direction) when 'outbound' then 'sales_called' else 'support_called' end
            as signal,
        'files' as source_system,
        call_id as reference_id,
        subject_key,
        started_at as occurred_at
    from calls
    where lower(outcome) = 'answered'

    union all

    select
        'ticket_opened' as signal,
        'files' as source_system,
        ticket_id as reference_id,
        subject_key,
        created_at as occurred_at
    from tickets

    union all

    select
        'ticket_solved' as signal,
        'files' as source_system,
        ticket_id as reference_id,
        subject_key,
        solved_at as occurred_at
    from tickets

)

select * from stacked
