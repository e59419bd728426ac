{{ config(group='privacy', materialized='view') }}

{# Who held which key when, and since when a refusal by that key binds them: since it had its
   previous holder. #}

with

links as (

    select * from {{ ref('int_identity__person_links') }}

),

later as (

    select
        subject_key,
        valid_from

    from {{ ref('int_identity__person_links') }}

    where valid_from > {{ beginning_of_time() }}

),

ended as (

    select
        subject_key,
        valid_to

    from {{ ref('int_identity__person_links') }}

    where valid_to < {{ end_of_time() }}

),

previous as (

    select
        later.subject_key,
        later.valid_from,
        max(ended.valid_to) as ended_at

    from later

    inner join ended
        on
            later.subject_key = ended.subject_key
            and later.valid_from >= ended.valid_to

    group by later.subject_key, later.valid_from

),

followed as (

    select
        links.subject_key,
        links.person_id,
        links.valid_from,
        links.valid_to,
        coalesce(previous.ended_at, {{ beginning_of_time() }}) as refusals_from

    from links

    left join previous
        on
            links.subject_key = previous.subject_key
            and links.valid_from = previous.valid_from

)

select * from followed
