-- When each person first belonged to each family of stages, against what is true of the very
-- records that the hub sees behind the person: first visit, first record of CRM or shop, first
-- order that counts or won deal, third order that counts.
with

contacts as (

    select
        links.person_id,
        records.first_seen_at as occurred_at

    from true_records as records

    inner join staging.stg_hubspot__contacts as contacts
        on records.record_id = contacts.hubspot_contact_id

    inner join intermediate.int_identity__person_links as links
        on contacts.subject_key = links.subject_key

    where records.record_type = 'contact'

),

customers as (

    select
        links.person_id,
        records.first_seen_at as occurred_at

    from true_records as records

    inner join staging.stg_shopify__customers as customers
        on records.record_id = customers.shopify_customer_id

    inner join intermediate.int_identity__person_links as links
        on customers.subject_key = links.subject_key

    where records.record_type = 'customer'

),

purchases as (

    select
        orders.person_id,
        truth.ordered_at as occurred_at

    from true_orders as truth

    inner join core.orders as orders on truth.order_id = orders.order_id

    where not truth.is_test and truth.cancelled_at is null

    union all

    select
        orders.person_id,
        drops.occurred_at

    from true_drops as drops

    inner join core.orders as orders on drops.record_id = orders.order_id

    where orders.is_counted

),

numbered as (

    select
        person_id,
        occurred_at,
        row_number() over (partition by person_id order by occurred_at) as order_number

    from purchases

    where person_id is not null

),

seen as (

    select
        sessions.person_id,
        visits.started_at as occurred_at

    from true_visits as visits

    inner join intermediate.int_journey__sessions as begun
        on visits.visit_id::text = begun.first_visit_id

    inner join core.sessions as sessions on begun.session_id = sessions.session_id

    where not visits.is_bot

),

true_events as (

    select person_id, occurred_at, 1 as family_rank from seen
    union all
    select person_id, occurred_at, 2 from contacts
    union all
    select person_id, occurred_at, 2 from customers
    union all
    select person_id, won_at, 3 from true_deals where won_at is not null
    union all
    select person_id, occurred_at, case order_number when 1 then 3 else 4 end
    from numbered
    where order_number in (1, 3)

),

ranks as (

    select * from (values (1, 'awareness'), (2, 'consideration'), (3, 'purchase'), (4, 'advocacy'))
        as families (family_rank, family)

),

expected as (

    select
        events.person_id,
        ranks.family_rank,
        min(events.occurred_at) as reached_at

    from true_events as events

    inner join ranks on events.family_rank >= ranks.family_rank

    where events.person_id is not null

    group by events.person_id, ranks.family_rank

),

found as (

    select
        history.person_id,
        ranks.family_rank,
        min(history.valid_from) as reached_at

    from core.lifecycle_history as history

    inner join ranks as own on history.stage_family = own.family

    inner join ranks on own.family_rank >= ranks.family_rank

    where not history.is_projected

    group by history.person_id, ranks.family_rank

)

select
    count(distinct coalesce(expected.person_id, found.person_id)) as persons,
    count(*) as families_reached,
    count(*) filter (
        where abs(extract(epoch from found.reached_at - expected.reached_at)) < 1
    ) as same_moment,
    count(*) filter (where expected.reached_at is null) as unknown_to_truth,
    count(*) filter (where found.reached_at is null) as missing,
    count(*) filter (where found.reached_at - expected.reached_at >= interval '1 second') as later,
    count(*) filter (where expected.reached_at - found.reached_at >= interval '1 second') as earlier

from expected

full join found
    on expected.person_id = found.person_id and expected.family_rank = found.family_rank
