{# CTEs ending in touched_visitors(visitor_number, subject_key, visitor_state): the visitors whose
   visits or whose rules (columns of a CTE named rules) differ from what this model holds; everybody
   on a full build. The number stands for the visitor within one statement: sorts and joins by it
   are cheaper than by the key. Costs one pass over visitors, never over events. #}
{% macro touched_visitors(rule_columns) -%}
visits_as_told as (

    select * from {{ ref('int_journey__visitor_states') }}

),

rules_state as (

    select {{ surrogate_key(rule_columns) }} as state from rules

),

visitor_states as (

    select
        visits_as_told.subject_key,
        visits_as_told.visitor_state || '|' || rules_state.state as visitor_state

    from visits_as_told

    cross join rules_state

),
{% if is_incremental() %}
known_states as (

    select
        subject_key,
        max(visitor_state) as visitor_state

    from {{ this }}

    group by subject_key

),
{% endif %}
touched_visitors as {{ once() }}(

    select
        row_number() over (order by visitor_states.subject_key asc) as visitor_number,
        visitor_states.subject_key,
        visitor_states.visitor_state

    from visitor_states
    {% if is_incremental() %}
    left join known_states
        on visitor_states.subject_key = known_states.subject_key

    where
        known_states.visitor_state is null
        or known_states.visitor_state <> visitor_states.visitor_state
    {%- endif %}

)
{%- endmacro %}

{# After an increment: drop what belongs to visitors that staging no longer holds. #}
{% macro forget_vanished_visitors() -%}
delete from {{ this }}
where not exists (
    select 1
    from {{ ref('int_journey__visitor_states') }} as told
    where told.subject_key = {{ this.identifier }}.subject_key
)
{%- endmacro %}
