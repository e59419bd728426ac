{# Who may be reached for one purpose at this very moment. The table says who could be when it was
   built; whatever any key of the person refused since, by the links of then or of now, counts at
   commit, and nothing is sent while a source of consent is overdue. #}
{% macro sendable(purpose, value_column) -%}
    select
        points.person_id,
        points.value as {{ value_column }},
        points.first_name

    from {{ ref('sendable_contact_points') }} as points

    where
        points.purpose = '{{ purpose }}'
        and not exists (
            select 1
            from {{ refused_since_build(purpose) }} as refused
            where refused.subject_key = points.point_key
        )
        and not exists (
            select 1
            from {{ refused_since_build(purpose) }} as refused
            inner join {{ ref('sendable_keys') }} as keys
                on refused.subject_key = keys.subject_key
            where keys.person_id = points.person_id
        )
        and not exists (
            select 1
            from {{ refused_since_build(purpose) }} as refused
            inner join {{ source('identity', 'person_links') }} as links
                on refused.subject_key = links.subject_key
            where links.person_id = points.person_id
        )
        and not exists (select 1 from {{ ref('overdue_consent_sources') }} as overdue)
{%- endmacro %}

{# Keys that refused after the sendable table was built; few, and found by index. #}
{% macro refused_since_build(purpose) -%}
    (
                select suppressions.subject_key
                from {{ source('activation', 'suppressions') }} as suppressions
                where
                    suppressions.purpose = '{{ purpose }}'
                    and suppressions.ledger_seq > (
                        select coalesce(min(built.ledger_seq), 0)
                        from {{ ref('sendable_contact_points') }} as built
                    )
            )
{%- endmacro %}

{# A view that filters people must be a barrier, or a cheap function in WHERE sees those it hides. #}
{% macro as_security_barrier() -%}
    alter view {{ this }} set (security_barrier = true)
{%- endmacro %}
