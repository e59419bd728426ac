{{ config(group='privacy', indexes=[{'columns': ['person_id'], 'unique': true}]) }}

{# One row per living person: the state of each purpose now, and the granted ones as a bit mask.
   One denial denies, else one grant grants: the words happen to sort so. #}

{%- set purposes = consent_purposes() %}
{%- set bits = [] %}
{%- for purpose in purposes %}
    {%- set granted = "pivoted." ~ purpose ~ "_consent = 'granted'" %}
    {%- do bits.append("case when " ~ granted ~ " then masks." ~ purpose ~ " else 0 end") %}
{%- endfor %}

with

persons as (

    select * from {{ ref('int_consent__person_inputs') }}

),

states as (

    select * from {{ ref('int_consent__current_states') }}

),

masks as (

    select
        {% for purpose in purposes -%}
            max(case when purpose = '{{ purpose }}' then purpose_mask end) as {{ purpose }}
            {%- if not loop.last %},
            {% endif %}
        {%- endfor %}

    from {{ ref('purposes') }}

),

pivoted as (

    select
        person_id,
        {% for purpose in purposes -%}
            min(case when purpose = '{{ purpose }}' then state end) as {{ purpose }}_consent
            {%- if not loop.last %},
            {% endif %}
        {%- endfor %}

    from states

    group by person_id

),

everybody as (

    select
        persons.person_id,
        {% for purpose in purposes -%}
            coalesce(pivoted.{{ purpose }}_consent, 'unknown') as {{ purpose }}_consent,
        {% endfor -%}
        cast({{ bits | join(' + ') }} as bigint) as purpose_mask

    from persons

    cross join masks

    left join pivoted
        on persons.person_id = pivoted.person_id

)

select * from everybody
