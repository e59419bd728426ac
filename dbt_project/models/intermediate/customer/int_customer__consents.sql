{{ config(materialized='view') }}

-- States per person and purpose, and the granted ones as a mask, so that several are asked for at
-- once.
with

states as (

    select * from {{ ref('int_consent__person_states') }}

),

consents as (

    select
        person_id,
        {% for purpose in consent_purposes() -%}
            {{ purpose }}_consent,
        {% endfor -%}
        purpose_mask

    from states

)

select * from consents
