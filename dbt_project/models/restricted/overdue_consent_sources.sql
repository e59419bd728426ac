{{ config(materialized='view', post_hook="{{ as_security_barrier() }}") }}

{# Sources of consent whose last load is older than the rules allow; live. #}

with

rules as (

    select * from {{ ref('consent_sources') }}

),

loads as (

    select * from {{ source('ops', 'load_counts') }}

),

latest as (

    select
        rules.source,
        rules.resource,
        rules.max_age_hours,
        max(loads.loaded_at) as loaded_at

    from rules

    inner join loads
        on
            rules.source = replace(loads.source, 'raw_', '')
            and rules.resource = loads.resource

    group by rules.source, rules.resource, rules.max_age_hours

),

overdue as (

    select
        source,
        resource,
        loaded_at

    from latest

    where {{ ts_add('hour', 'max_age_hours', 'loaded_at') }} < {{ as_of() }}

)

select * from overdue
