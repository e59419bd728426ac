-- Survivorship per attribute: a living record before a deleted one, then the latest that knows it.
with

records as (

    select * from {{ ref('int_customer__records') }}

),

ordered as (

    select
        *,
        row_number() over (
            partition by person_id
            order by
                case when is_deleted then 1 else 0 end asc,
                updated_at desc nulls last,
                source_system asc,
                record_id asc
        ) as record_rank

    from records

),

ranked as (

    select
        *,
        min(case when country_code is not null then record_rank end) over of_person
            as country_code_rank,
        min(case when region_code is not null then record_rank end) over of_person
            as region_code_rank,
        min(case when language_code is not null then record_rank end) over of_person
            as language_code_rank,
        min(case when age_band is not null then record_rank end) over of_person
            as age_band_rank,
        min(case when email_domain_class is not null then record_rank end) over of_person
            as email_domain_class_rank,
        min(case when account_id is not null then record_rank end) over of_person
            as account_id_rank

    from ordered

    window of_person as (partition by person_id)

),

survived as (

    select
        person_id,
        max(case when record_rank = country_code_rank then country_code end) as country_code,
        max(case when record_rank = region_code_rank then region_code end) as region_code,
        max(case when record_rank = language_code_rank then language_code end) as language_code,
        max(case when record_rank = age_band_rank then age_band end) as age_band,
        max(case when record_rank = email_domain_class_rank then email_domain_class end)
            as email_domain_class,
        max(case when record_rank = account_id_rank then account_id end) as account_id,
        {{ string_set('source_system') }} as source_systems,
        cast(count(*) as int) as record_count,
        max(case when source_system = 'hubspot' then 1 else 0 end) = 1 as is_in_crm,
        max(case when source_system = 'shopify' then 1 else 0 end) = 1 as is_in_shop,
        min(created_at) as first_recorded_at

    from ranked

    group by person_id

)

select * from survived
