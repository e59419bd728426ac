{{ config(materialized='view') }}

-- Dated facts of calls, meetings, e-mails and tickets that the CRM keeps, for each contact in them.
with

engagements as (

    select *

    from {{ ref('stg_hubspot__engagements') }}

    where not coalesce(is_archived, false)

),

tickets as (

    select *

    from {{ ref('stg_hubspot__tickets') }}

    where not coalesce(is_archived, false)

),

associations as (

    select *

    from {{ ref('stg_hubspot__associations') }}

    where not coalesce(is_deleted, false) and to_type in ('contacts', 'contact')

),

contacts as (

    select * from {{ ref('stg_hubspot__contacts') }}

),

participants as (

    select distinct
        associations.from_type,
        associations.from_id,
        contacts.subject_key

    from associations

    inner join contacts
        on associations.to_id = contacts.hubspot_contact_id

),

activities as (

    select
        case
            when engagement_type = 'meeting' then 'meeting_held'
            when engagement_type = 'call' and direction = 'inbound' then 'sales_call_received'
            when engagement_type = 'call' then 'sales_called'
            when direction = 'inbound' then 'email_received'
            else 'email_written'
        end as signal,
        engagement_type || 's' as from_type,
        hubspot_engagement_id as reference_id,
        occurred_at
    from engagements
    where
        (engagement_type in ('call', 'meeting') and upper(outcome) = 'COMPLETED')
        or (engagement_type = 'email' and upper(outcome) not in ('BOUNCED', 'FAILED'))

    union all

    select
        'ticket_opened' as signal,
        'tickets' as from_type,
        hubspot_ticket_id as reference_id,
        created_at as occurred_at
    from tickets

    union all

    select
        'ticket_solved' as signal,
        'tickets' as from_type,
        hubspot_ticket_id as reference_id,
        closed_at as occurred_at
    from tickets

),

attended as (

    select
        activities.signal,
        'hubspot' as source_system,
        activities.reference_id,
        participants.subject_key,
        activities.occurred_at

    from activities

    inner join participants
        on
            activities.from_type = participants.from_type
            and activities.reference_id = participants.from_id

)

select * from attended
