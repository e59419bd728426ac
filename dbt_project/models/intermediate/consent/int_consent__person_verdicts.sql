{{ config(group='privacy') }}

{# Per slice, what the keys together say: 3 refused, 2 pending, 1 granted, 0 nothing in force. A
   refusal by any key counts for the whole person, unless the purpose is declared to be a matter of
   each device; a pending opt-in outranks a grant. *Lifted* is what a later authenticated act of
   the person set aside. #}

with

slices as (

    select * from {{ ref('int_consent__person_slices') }}

),

intervals as (

    select * from {{ ref('int_consent__holder_intervals') }}
    where holder_type = 'person'

),

purposes as (

    select * from {{ ref('purposes') }}

),

covered as (

    select
        slices.person_id,
        slices.purpose,
        slices.channel,
        slices.valid_from,
        slices.valid_to,
        slices.slice_number,
        intervals.reason,
        case
            when
                intervals.denied_at is null or slices.lifted_at is null
                or intervals.denied_at >= slices.lifted_at then intervals.state
            when slices.valid_from < intervals.lifted_until then intervals.lifted_state
        end as state

    from slices

    left join intervals
        on
            slices.person_id = intervals.holder_id
            and slices.purpose = intervals.purpose
            and slices.channel = intervals.channel
            and slices.valid_from >= intervals.valid_from
            and slices.valid_from < intervals.valid_to

),

scoped as (

    select
        covered.*,
        case
            when
                covered.state = 'denied'
                and purposes.denial_scope = 'subject'
                and covered.reason not in ('object', 'gpc') then null
            else covered.state
        end as counted_state

    from covered

    inner join purposes
        on covered.purpose = purposes.purpose

),

evaluated as (

    select
        person_id,
        purpose,
        channel,
        valid_from,
        valid_to,
        slice_number,
        max(
            case counted_state
                when 'denied' then 3
                when 'pending' then 2
                when 'granted' then 1
                else 0
            end
        ) as verdict,
        max(case when counted_state = 'denied' then reason end) as denied_reason

    from scoped

    group by person_id, purpose, channel, valid_from, valid_to, slice_number

)

select * from evaluated
