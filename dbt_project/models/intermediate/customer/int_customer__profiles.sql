-- Survivorship per attribute: a living record before a deleted one, then the latest that knows it.
with

records as (

    select * from {{ ref('int_customer__records') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by person_id
            order by
                case when country_code is null then 1 else 0 end asc,
                case when is_deleted then 1 else 0 end asc,
                updated_at desc nulls last,
                source_system asc,
                record_id asc
        ) as country_code_rank,
        row_number() over (
            partition by person_id
            order by
                case when region_code is null then 1 else 0 end asc,
                case when is_deleted then 1 else 0 end asc,
                updated_at desc nulls last,
                source_system asc,
                record_id asc
        ) as region_code_rank,
        row_number() over (
            partition by person_id
            order by
                case when language_code is null then 1 else 0 end asc,
                case when is_deleted then 1 else 0 end asc,
                updated_at desc nulls last,
                source_system asc,
                record_id asc
        ) as language_code_rank,
        row_number() over (
            partition by person_id
            order by
                case when age_band is null then 1 else 0 end asc,
                case when is_deleted then 1 else 0 end asc,
                updated_at desc nulls last,
                source_system asc,
                record_id asc
        ) as age_band_rank,
        row_number() over (
            partition by person_id
            order by
                case when email_domain_class is null then 1 else 0 end asc,
                case when is_deleted then 1 else 0 end asc,
                updated_at desc nulls last,
                source_system asc,
                record_id asc
        ) as email_domain_class_rank,
        row_number() over (
            partition by person_id
            order by
                case when account_id is null then 1 else 0 end asc,
                case when is_deleted then 1 else 0 end asc,
                updated_at desc nulls last,
                source_system asc,
                record_id asc
        ) as account_id_rank

    from records

),

survived as (

    select
        person_id,
        max(case when country_code_rank = 1 then country_code end) as country_code,
        max(case when region_code_rank = 1 then region_code end) as region_code,
        max(case when language_code_rank = 1 then language_code end) as language_code,
        max(case when age_band_rank = 1 then age_band end) as age_band,
        max(case when email_domain_class_rank = 1 then email_domain_class end)
            as email_domain_class,
        max(case when account_id_rank = 1 then account_id end) as account_id,
        {{ string_set('source_system') }} as source_systems,
        cast(count(*) as int) as record_count,
        max(case when source_system = 'hubspot' then 1 else 0 end) = 1 as is_in_crm,
        max(case when source_system = 'shopify' then 1 else 0 end) = 1 as is_in_shop,
        min(created_at) as first_recorded_at

    from ranked

    group by person_id

)

select * from survived
