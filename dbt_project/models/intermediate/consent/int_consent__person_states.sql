{{ config(group='privacy', indexes=[{'columns': ['person_id'], 'unique': true}]) }}

{# One row per living person: the state of each purpose now, and the granted ones as a bit mask. #}

{%- set purposes = consent_purposes() %}

with

persons as (

    select * from {{ ref('int_consent__person_inputs') }}

),

states as (

    select * from {{ ref('int_consent__current_states') }}

),

purposes as (

    select * from {{ ref('purposes') }}

),

pivoted as (

    select
        states.person_id,
        {% for purpose in purposes -%}
            max(case when states.purpose = '{{ purpose }}' then states.state end)
                as {{ purpose }}_consent,
        {% endfor -%}
        sum(case when states.state = 'granted' then purposes.purpose_mask else 0 end)
            as purpose_mask

    from states

    inner join purposes
        on states.purpose = purposes.purpose

    group by states.person_id

),

everybody as (

    select
        persons.person_id,
        {% for purpose in purposes -%}
            coalesce(pivoted.{{ purpose }}_consent, 'unknown') as {{ purpose }}_consent,
        {% endfor -%}
        cast(coalesce(pivoted.purpose_mask, 0) as bigint) as purpose_mask

    from persons

    left join pivoted
        on persons.person_id = pivoted.person_id

)

select * from everybody
