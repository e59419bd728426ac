-- The contacts' true deals as the hub can know them: those of a merged contact are its survivor's,
-- one that came of no deal in the CRM or that the CRM has deleted was none. A row per deal and
-- person behind it.
create temporary table true_deals as
with

holders as (

    select hubspot_contact_id, subject_key from staging.stg_hubspot__contacts
    union
    select merged_contact_id, merged_key from staging.stg_hubspot__contact_merges

)

select
    links.person_id,
    leads.opportunity_at,
    leads.won_at

from true_leads as leads

inner join holders
    on leads.hubspot_contact_id = holders.hubspot_contact_id

inner join intermediate.int_identity__person_links as links
    on holders.subject_key = links.subject_key

left join staging.stg_hubspot__deals as known
    on leads.hubspot_deal_id = known.hubspot_deal_id

where leads.hubspot_deal_id is not null and not coalesce(known.is_archived, false)
