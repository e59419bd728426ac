with

visits as (

    select distinct
        referrer_host,
        browser_name,
        landing_page_path,
        is_bot

    from {{ ref('int_journey__sessions') }}

),

exclusion_rules as (

    select * from {{ ref('exclusion_rules') }}

),

field_values as (

    select distinct
        'referrer_host' as field,
        referrer_host as value
    from visits

    union all

    select distinct
        'browser_name' as field,
        browser_name as value
    from visits

    union all

    select distinct
        'landing_page_path' as field,
        landing_page_path as value
    from visits

    union all

    select distinct
        'is_bot' as field,
        case when is_bot then 'true' else 'false' end as value
    from visits

),

matched as (

    select
        field_values.field,
        field_values.value,
        min(exclusion_rules.rule) as rule

    from field_values

    inner join exclusion_rules
        on
            field_values.field = exclusion_rules.field
            and {{ regex_matches('field_values.value', 'exclusion_rules.pattern') }}

    group by field_values.field, field_values.value

)

select * from matched
