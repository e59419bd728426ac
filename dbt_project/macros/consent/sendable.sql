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
            from {{ source('activation', 'suppressions') }} as suppressions
            left join {{ ref('sendable_keys') }} as keys
                on suppressions.subject_key = keys.subject_key
            left join {{ source('identity', 'person_links') }} as links
                on suppressions.subject_key = links.subject_key
            where
                suppressions.purpose = points.purpose
                and suppressions.ledger_seq > points.ledger_seq
                and (
                    suppressions.subject_key = points.point_key
                    or keys.person_id = points.person_id
                    or links.person_id = points.person_id
                )
        )
        and not exists (select 1 from {{ ref('overdue_consent_sources') }} as overdue)
{%- endmacro %}

{# A view that filters people must be a barrier, or a cheap function in WHERE sees those it hides. #}
{% macro as_security_barrier() -%}
    alter view {{ this }} set (security_barrier = true)
{%- endmacro %}
