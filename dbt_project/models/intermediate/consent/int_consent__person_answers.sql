{{ config(group='privacy', materialized='view') }}

{# What each key's answers count for its person, a row per stretch of time. A later authenticated
   act of the person lifts a refusal: from then on counts what the key says besides (part 2). A
   refusal by any key counts for the whole person, unless the purpose is declared to be a matter of
   each device; an answer that does not count is a row without state. Without common table
   expressions, so that PostgreSQL looks only at the persons that a reader asks for. #}

select
    intervals.holder_id as person_id,
    intervals.purpose,
    purposes.channel,
    intervals.reason,
    case
        when parts.part = 2 then intervals.lifted_state
        when
            intervals.state = 'denied'
            and purposes.denial_scope = 'subject'
            and intervals.reason not in ('object', 'gpc') then null
        else intervals.state
    end as state,
    case
        when parts.part = 2 and lifts.lifted_at > intervals.valid_from then lifts.lifted_at
        else intervals.valid_from
    end as valid_from,
    case
        when parts.part = 2 then intervals.lifted_until
        when lifts.lifted_at < intervals.valid_to then lifts.lifted_at
        else intervals.valid_to
    end as valid_to

from {{ ref('int_consent__holder_intervals') }} as intervals

inner join {{ ref('purposes') }} as purposes
    on intervals.purpose = purposes.purpose

left join {{ ref('int_consent__person_lifts') }} as lifts
    on
        intervals.holder_id = lifts.person_id
        and intervals.subject_key = lifts.subject_key
        and intervals.purpose = lifts.purpose
        and intervals.valid_from = lifts.valid_from

inner join (select 1 as part union all select 2 as part) as parts  -- noqa: ST05,LT11
    on
        (
            parts.part = 1
            and (lifts.lifted_at is null or intervals.valid_from < lifts.lifted_at)
        )
        or (
            parts.part = 2
            and intervals.lifted_until > lifts.lifted_at
            and intervals.valid_from < intervals.lifted_until
        )

where intervals.holder_type = 'person'
