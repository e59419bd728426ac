{# CTEs ending in touched_persons(person_number, person_id, person_state): the persons whose state,
   as told by a CTE named person_states, differs from what this model holds; everybody on a full
   build. The number stands for the person within one statement: ids of one time begin alike, which
   makes sorting by them dear, and a number makes every row narrower. #}
{% macro touched_persons() -%}
{% if is_incremental() %}
known_states as (

    select
        person_id,
        max(person_state) as person_state

    from {{ this }}

    group by person_id

),
{% endif %}
touched_persons as {{ once() }}(

    select
        row_number() over (order by person_states.person_id asc) as person_number,
        person_states.person_id,
        person_states.person_state

    from person_states
    {% if is_incremental() %}
    left join known_states
        on person_states.person_id = known_states.person_id

    where
        known_states.person_state is null
        or known_states.person_state <> person_states.person_state
    {%- endif %}

)
{%- endmacro %}

{# After an increment: drop what belongs to persons that the model read no longer holds. Not by
   "not in", which PostgreSQL answers row by row as soon as the list outgrows memory. #}
{% macro forget_vanished_persons(relation) -%}
delete from {{ this }}
where not exists (
    select 1
    from {{ relation }} as told
    where told.person_id = {{ this.identifier }}.person_id
)
{%- endmacro %}
