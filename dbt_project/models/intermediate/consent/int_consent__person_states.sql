{{ config(group='privacy', indexes=[{'columns': ['person_id'], 'unique': true}]) }}

{# One row per living person: the state of each purpose now, and the granted ones as a bit mask. #}

{%- set purposes = consent_purposes() %}

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

purposes as (

    select * from {{ ref('purposes') }}

),

states as (

    select
        policies.person_id,
        policies.purpose,
        purposes.purpose_mask,
        coalesce(intervals.state, policies.default_state) as state

    from policies

    inner join purposes
        on policies.purpose = purposes.purpose

    left join intervals
        on
            policies.person_id = intervals.person_id
            and policies.purpose = intervals.purpose

),

pivoted as (

    select
        person_id,
        {% for purpose in purposes -%}
            max(case when purpose = '{{ purpose }}' then state end) as {{ purpose }}_consent,
        {% endfor -%}
        cast(
            sum(case when state = 'granted' then purpose_mask else 0 end) as bigint
        ) as purpose_mask

    from states

    group by person_id

)

select * from pivoted
