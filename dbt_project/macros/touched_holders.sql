{# What follows the news. A relation of inputs holds one row per holder (a person, a device, a key)
   with one number, *holder_state*, that is another one when anything is that the holder's rows
   follow from, rules included; it tells the holder from all others. A model keeps the number with
   the rows it made, drops those whose number is no longer told, and makes what it lacks. #}

{# Whom of a relation of inputs this model holds no rows of that were made from today's inputs;
   everybody on a full build. The number alone is compared: it tells its holder from all others. #}
{% macro is_touched(inputs) -%}
    {%- if is_incremental() -%}
        not exists (
            select 1
            from {{ this }} as known
            where known.holder_state = {{ inputs }}.holder_state
        )
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{# Before an increment: drop what was made from other inputs than today's, be it that its holder is
   gone. What is said of the holder now is added in the same transaction. #}
{% macro forget_outdated(inputs) -%}
delete from {{ this }}
where not exists (
    select 1
    from {{ inputs }} as inputs
    where inputs.holder_state = {{ this.identifier }}.holder_state
)
{%- endmacro %}

{# CTEs ending in touched(holder_number, …, holder_state): the touched of a relation of inputs under
   their key, and a number that stands for them within one statement: sorts and joins by it are
   cheaper than by keys that begin alike. Told by "is distinct from", since PostgreSQL would plan an
   anti join for hardly anybody, and read whole tables for each when a rule touches all. #}
{% macro touched_by(inputs, key) -%}
{% if is_incremental() %}
known as (

    select distinct holder_state from {{ this }}

),
{% endif %}
touched as {{ once() }}(

    select
        row_number() over (order by inputs.{{ key }} asc) as holder_number,
        inputs.{{ key }},
        inputs.holder_state

    from {{ inputs }} as inputs
    {% if is_incremental() %}
    left join known
        on inputs.holder_state = known.holder_state

    where known.holder_state is distinct from inputs.holder_state
    {%- endif %}

)
{%- endmacro %}
