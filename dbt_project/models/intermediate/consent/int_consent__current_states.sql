{{ config(
    group='privacy',
    materialized='incremental',
    incremental_strategy='append',
    unique_key=['person_id', 'purpose'],
    on_schema_change='fail',
    indexes=[{'columns': ['person_id', 'purpose'], 'unique': true}],
    pre_hook=[
        "{{ forget_outdated(ref('int_consent__person_inputs')) if is_incremental() }}",
        "{{ forget_past() if is_incremental() }}",
    ]
) }}

{# The state of each person and purpose at the run's moment: what was recorded, and what the policy
   grants or denies by itself. Computed anew for whom something changed, and for whom the clock
   passed a boundary since they were *looked_at*. #}

with

moment as (

    select {{ consent_moment() }} as looked_at

),

persons as {{ once() }}(

    select
        inputs.person_id,
        inputs.jurisdiction,
        inputs.lowest_age,
        inputs.holder_state,
        moment.looked_at

    from {{ ref('int_consent__person_inputs') }} as inputs

    cross join moment

    where {{ is_touched('inputs') }}

),

intervals as (

    select
        intervals.person_id,
        intervals.purpose,
        intervals.state,
        intervals.reason,
        intervals.valid_from,
        intervals.valid_to

    from {{ ref('int_consent__person_intervals') }} as intervals

    cross join moment

    where
        intervals.valid_from <= moment.looked_at
        and intervals.valid_to > moment.looked_at
        {% if is_incremental() -%}
            and {{ is_among('intervals.person_id', 'select news.person_id from persons as news') }}
        {%- endif %}

),

states as (

    select
        persons.person_id,
        policies.purpose,
        policies.channel,
        coalesce(intervals.state, {{ policy_default('persons', 'policies') }}) as state,
        coalesce(intervals.reason, 'default') as reason,
        persons.jurisdiction,
        policies.lawful_basis,
        coalesce(intervals.valid_from, {{ beginning_of_time() }}) as since,
        coalesce(intervals.valid_to, {{ end_of_time() }}) as lapses_at,
        persons.holder_state,
        persons.looked_at,
        intervals.person_id is not null as is_recorded

    from persons

    inner join {{ ref('int_consent__policies') }} as policies
        on persons.jurisdiction = policies.jurisdiction

    left join intervals
        on
            persons.person_id = intervals.person_id
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
        lapses_at,
        holder_state,
        looked_at

    from states

    where is_recorded or state <> 'unknown'

)

select * from said
