{{ config(materialized='view', tags=['observe'], group='privacy') }}

with

observed as (

    {{ union_all(
        [
            'int_consent__files_events', 'int_consent__hubspot_events',
            'int_consent__matomo_events', 'int_consent__shopify_events',
        ],
        consent_event_columns()
    ) }}

)

select * from observed
