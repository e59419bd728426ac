-- When each person of the CRM first entered each stage of the funnel that marketing and sales
-- share, against the contacts' true stages. A merge leaves the surviving contact's own stages.
with

contacts as (

    select
        links.person_id,
        leads.mql_at,
        leads.sql_at

    from true_leads as leads

    inner join staging.stg_hubspot__contacts as contacts
        on leads.hubspot_contact_id = contacts.hubspot_contact_id

    inner join intermediate.int_identity__person_links as links
        on contacts.subject_key = links.subject_key

),

reached as (

    select person_id, 'mql' as funnel_stage, mql_at as entered_at from contacts
    union all
    select person_id, 'sql', sql_at from contacts
    union all
    select person_id, 'opportunity', opportunity_at from true_deals
    union all
    select person_id, 'won', won_at from true_deals

),

expected as (

    select
        person_id,
        funnel_stage,
        min(entered_at) as entered_at

    from reached

    where entered_at is not null

    group by person_id, funnel_stage

),

found as (

    select
        person_id,
        funnel_stage,
        entered_at

    from intermediate.int_sales__funnel_entries

    where funnel_stage in ('mql', 'sql', 'opportunity', 'won')

)

select
    count(*) filter (where expected.funnel_stage = 'mql') as true_mql,
    count(*) filter (where found.funnel_stage = 'mql') as mql,
    count(*) filter (where expected.funnel_stage = 'sql') as true_sql,
    count(*) filter (where found.funnel_stage = 'sql') as sql,
    count(*) filter (where expected.funnel_stage = 'opportunity') as true_opportunity,
    count(*) filter (where found.funnel_stage = 'opportunity') as opportunity,
    count(*) filter (where expected.funnel_stage = 'won') as true_won,
    count(*) filter (where found.funnel_stage = 'won') as won,
    count(*) filter (where expected.person_id is null) as unknown_to_truth,
    count(*) filter (where found.person_id is null) as missing,
    count(*) filter (where found.entered_at <> expected.entered_at) as other_time

from expected

full join found
    on expected.person_id = found.person_id and expected.funnel_stage = found.funnel_stage
