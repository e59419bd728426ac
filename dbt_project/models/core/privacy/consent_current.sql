with

policies as (

    select * from {{ ref('int_consent__person_policies') }}

),

intervals as (

    select *

    from {{ ref('int_consent__person_intervals') }}

    where
        valid_from <= {{ consent_moment() }}
        and valid_to > {{ consent_moment() }}

),

states as (

    select
        policies.person_id,
        policies.purpose,
        policies.channel,
        coalesce(intervals.state, policies.default_state) as state,
        coalesce(intervals.reason, 'default') as reason,
        policies.jurisdiction,
        policies.lawful_basis,
        coalesce(intervals.valid_from, {{ beginning_of_time() }}) as since,
        coalesce(intervals.valid_to, {{ end_of_time() }}) as lapses_at,
        intervals.person_id is not null as is_recorded

    from policies

    left join intervals
        on
            policies.person_id = intervals.person_id
            and policies.purpose = intervals.purpose

),

said as (

    select
        person_id,
        purpose,
        channel,
        state,
        reason,
        jurisdiction,
        lawful_basis,
        since,
        lapses_at

    from states

    where is_recorded or state <> 'unknown'

)

select * from said
