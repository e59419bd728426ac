-- The volume company: one statement a raw table, over a range of people and visits. Numbers decide
-- everything, so that a range is the same however often it is written. Every third person is a CRM
-- contact, every second a shop customer; one visit in five is of a customer and ends in an order.
-- Whoever the first load brings came over months, others on their load's own day.
create or replace function pg_temp.key(kind text, value text) returns text
language sql immutable parallel safe return md5(kind || ':' || value);
create or replace function pg_temp.draw(n bigint, salt int, below bigint) returns bigint
language sql immutable parallel safe
return (hashint8extended(n, salt) & 4611686018427387903) % below;

create or replace function pg_temp.came(since text, n bigint, within int) returns timestamp
language sql immutable parallel safe
return case
    when {day} = 0 then cast(since as timestamp) + (n % within) * interval '1 day'
    else timestamp '2026-04-03' + {day} * interval '1 day' + (n % 80000) * interval '1 second'
end;

create temp table visited as
select
    v,
    case
        when v % 5 = 0 then 2 * pg_temp.draw(v, 1, ({people} + 1) / 2) else pg_temp.draw(v, 1, {people})
    end as person,
    timestamp '2026-04-03' + ({day} * 86400 + pg_temp.draw(v, 2, {days} * 86400))
    * interval '1 second' as started_at
from generate_series({first_visit}, {last_visit} - 1) as v;
insert into raw_matomo.visits (
    visit_id, subject_key, user_key, site_date, started_at, ended_at, duration_seconds, action_count,
    referrer_type, referrer_host, campaign_name, campaign_source, campaign_medium, click_id_type,
    landing_page_path, device_type, browser_name, os_name, country_code, language_code, is_bot,
    analytics_consent, ads_consent, ad_storage, ad_user_data, ad_personalization, has_gpc,
    observed_at, _dlt_load_id
)
select
    v, pg_temp.key('anonymous_id', person || '/' || v % 2),
    case when person % 2 = 0 and v % 3 = 0 then pg_temp.key('user_id', 'u' || person) end,
    cast(started_at as date), started_at, started_at + interval '240 seconds', 240, 5,
    (array['direct', 'search', 'campaign', 'website'])[1 + v % 4],
    (array[null, 'www.google.com', null, 'blog.example'])[1 + v % 4],
    case when v % 4 = 2 then 'campaign-' || v % 40 end, case when v % 4 = 2 then 'google' end,
    case when v % 4 = 2 then 'cpc' end, case when v % 8 = 2 then 'gclid' end,
    '/p/' || v % 300, (array['smartphone', 'desktop', 'tablet'])[1 + v % 3], 'Firefox', 'Android',
    (array['DE', 'US', 'FR', 'GB'])[1 + person % 4], 'en', v % 200 = 1, 'granted',
    c.ads, c.ads, c.ads, c.ads, false, started_at, '{load_id}'
from visited cross join lateral (select case when v % 5 = 1 then 'denied' else 'granted' end) as c (ads);
insert into raw_matomo.actions (
    visit_id, action_position, subject_key, user_key, occurred_at, action_type, page_path,
    page_title, event_category, event_action, order_id, order_key, revenue_amount, _dlt_load_id
)
select
    v, k, pg_temp.key('anonymous_id', person || '/' || v % 2),
    case when person % 2 = 0 and v % 3 = 0 then pg_temp.key('user_id', 'u' || person) end,
    started_at + (k - 1) * interval '60 seconds',
    case when k = 5 and v % 5 = 0 then 'ecommerceOrder' when k = 4 and v % 9 = 0 then 'goal'
        when k = 3 and v % 4 = 0 then 'event' else 'action' end,
    '/p/' || (v + k) % 300, 'Page ' || (v + k) % 300,
    case when k = 3 and v % 4 = 0 then 'Product' end,
    case when k = 3 and v % 4 = 0 then 'add_to_cart' end,
    case when k = 5 and v % 5 = 0 then cast(v as text) end,
    case when k = 5 and v % 5 = 0 then pg_temp.key('order_id', cast(v as text)) end,
    case when k = 5 and v % 5 = 0 then 20 + v % 200 end, '{load_id}'
from visited cross join generate_series(1, 5) as k;

insert into raw_shopify.customers (
    shopify_customer_id, email_marketing_state, email_marketing_level, email_marketing_at,
    created_at, updated_at, subject_key, user_key, email_key, phone_key, email_domain_class,
    country_code, language_code, is_deleted, _dlt_load_id
)
select
    's' || n, case when n % 3 = 0 then 'SUBSCRIBED' else 'NOT_SUBSCRIBED' end,
    case when n % 3 = 0 then 'SINGLE_OPT_IN' end, case when n % 3 = 0 then t end, t, t,
    pg_temp.key('shopify_customer_id', 's' || n), pg_temp.key('user_id', 'u' || n),
    pg_temp.key('email', 'e' || n), case when n % 4 = 0 then pg_temp.key('phone', 'p' || n / 8) end,
    'free', (array['DE', 'US', 'FR', 'GB'])[1 + n % 4], 'en', false, '{load_id}'
from generate_series({first_person}, {last_person} - 1) as n
cross join lateral (select pg_temp.came('2025-06-01', n, 300)) as made (t)
where n % 2 = 0;
insert into raw_shopify.orders (
    shopify_order_id, shopify_customer_id, currency, presentment_currency, financial_status,
    fulfillment_status, sales_channel, subtotal_amount, discount_amount, shipping_amount,
    tax_amount, total_amount, is_test, updated_at, order_key, customer_key, email_key, subject_key,
    ordered_at, landing_path, country_code, is_deleted, _dlt_load_id
)
select
    v, 's' || person, 'EUR', 'EUR', case when v % 20 = 0 then 'REFUNDED' else 'PAID' end,
    'FULFILLED', 'web', 20 + v % 200, 0, 5, (20 + v % 200) * 0.19, 25 + v % 200, false, t,
    pg_temp.key('order_id', cast(v as text)), pg_temp.key('shopify_customer_id', 's' || person),
    pg_temp.key('email', 'e' || person), pg_temp.key('shopify_customer_id', 's' || person), t, '/',
    (array['DE', 'US', 'FR', 'GB'])[1 + person % 4], false, '{load_id}'
from visited cross join lateral (select started_at + interval '240 seconds') as paid (t)
where v % 5 = 0;
insert into raw_shopify.order_lines (
    order_line_id, shopify_order_id, product_id, variant_id, sku, product_title, quantity,
    unit_price_amount, discount_amount, currency, _dlt_load_id
)
select
    v || '-' || k, v, 'p' || (v + k) % 200, 'v' || (v + k) % 400, 'SKU-' || (v + k) % 400, 'Product',
    1, 10 + v % 100, 0, 'EUR', '{load_id}'
from visited cross join generate_series(1, 2) as k where v % 5 = 0;
insert into raw_shopify.fulfillments
select 'f' || v, v, 'DELIVERED', t, t + interval '5 days', t + interval '4 days', '{load_id}'
from visited cross join lateral (select started_at + interval '1 day') as sent (t) where v % 5 = 0;
insert into raw_shopify.refunds
select 'r' || v, v, started_at + interval '9 days', 25 + v % 200, 'EUR', '{load_id}'
from visited where v % 100 = 0;
insert into raw_shopify.refund_lines
select 'r' || v, v || '-1', v, 1, 10 + v % 100, '{load_id}' from visited where v % 100 = 0;
insert into raw_shopify.products
select 'p' || n, 'Product ' || n, 'Camping', 'Nordwind', 'ACTIVE', timestamp '2026-01-01', '{load_id}'
from generate_series(0, 199) as n where {first_person} = 0;
insert into raw_shopify.product_variants
select 'v' || n, 'p' || n % 200, 'i' || n, 'SKU-' || n, 10 + n % 100, '{load_id}'
from generate_series(0, 399) as n where {first_person} = 0;

insert into raw_hubspot.contacts (
    hubspot_contact_id, company_hubspot_id, lifecycle_stage, lead_source, legal_basis, is_archived,
    first_seen_at, lead_at, mql_at, created_at, updated_at, subject_key, email_key, phone_key,
    email_domain_class, country_code, language_code, _dlt_load_id
)
select
    'c' || n, case when n % 30 = 0 then 'b' || n / 300 end,
    case when n % 2 = 0 then 'customer' else 'lead' end, 'ORGANIC_SEARCH',
    'Freely given consent from contact', false, t, t, case when n % 4 = 0 then t + interval '3 days' end,
    t, t, pg_temp.key('hubspot_contact_id', 'c' || n), pg_temp.key('email', 'e' || n), null, 'free',
    (array['DE', 'US', 'FR', 'GB'])[1 + n % 4], 'en', '{load_id}'
from generate_series({first_person}, {last_person} - 1) as n
cross join lateral (select pg_temp.came('2025-06-01', n, 300)) as made (t)
where n % 3 = 0;
insert into raw_hubspot.subscription_statuses
select
    'c' || n, '301', 'Marketing Information',
    case when n % 5 = 0 then 'UNSUBSCRIBED' else 'SUBSCRIBED' end,
    case when n % 5 <> 0 then 'CONSENT_WITH_NOTICE' end,
    pg_temp.came('2025-06-01', n, 300),
    pg_temp.key('hubspot_contact_id', 'c' || n), pg_temp.key('email', 'e' || n),
    timestamp '2026-09-30', '{load_id}'
from generate_series({first_person}, {last_person} - 1) as n where n % 3 = 0;
insert into raw_hubspot.companies (
    hubspot_company_id, company_name, domain, industry, employee_count, is_archived, created_at,
    updated_at, country_code, _dlt_load_id
)
select
    'b' || n, 'Company ' || n, 'company-' || n || '.example', 'AUTOMOTIVE', n % 900, false,
    timestamp '2025-06-01', timestamp '2025-06-01', 'DE', '{load_id}'
from generate_series({first_person} / 300, ({last_person} - 1) / 300) as n
where n * 300 >= {first_person};
insert into raw_hubspot.deals (
    hubspot_deal_id, deal_name, pipeline, deal_stage, currency, amount, is_closed, is_won,
    is_archived, close_at, created_at, updated_at, _dlt_load_id
)
select
    'd' || n, 'Deal ' || n, 'default',
    case when not is_closed then 'appointmentscheduled' when n % 60 = 0 then 'closedwon'
        else 'closedlost' end,
    'EUR', n % 9000, is_closed, is_closed and n % 60 = 0, false, t + interval '30 days', t, t,
    '{load_id}'
from generate_series({first_person}, {last_person} - 1) as n
cross join lateral (select pg_temp.came('2026-01-01', n, 200), {day} = 0) as made (t, is_closed)
where n % 30 = 0;
insert into raw_hubspot.deal_stage_history
select
    'd' || n,
    (array['appointmentscheduled', 'qualifiedtobuy',
        case when n % 60 = 0 then 'closedwon' else 'closedlost' end])[k],
    pg_temp.came('2026-01-01', n, 200) + case when {day} = 0 then k * interval '10 days'
        else interval '0' end,
    '{load_id}'
from generate_series({first_person}, {last_person} - 1) as n cross join generate_series(1, 3) as k
where n % 30 = 0 and (k = 1 or {day} = 0);
insert into raw_hubspot.associations
select 'deals', 'd' || n, kind, other, label, false, '{load_id}'
from generate_series({first_person}, {last_person} - 1) as n
cross join lateral (
    values ('companies', 'b' || n / 300, 'Primary'), ('contacts', 'c' || n, 'Decision maker')
) as tied (kind, other, label)
where n % 30 = 0;
insert into raw_files.tickets (
    ticket_id, channel, category, status, priority, topic, created_at, first_reply_at, solved_at,
    updated_at, email_key, order_key, subject_key, _dlt_load_id
)
select
    't' || v, 'email', 'delivery', 'solved', 'normal', 'Where is my parcel?', t, t + interval '5 hours',
    t + interval '1 day', t + interval '1 day', pg_temp.key('email', 'e' || person),
    pg_temp.key('order_id', cast(v as text)), pg_temp.key('email', 'e' || person), '{load_id}'
from visited cross join lateral (select started_at + interval '6 days') as asked (t) where v % 50 = 0;
insert into raw_files.ad_spend (
    platform, campaign_id, spend_date, campaign_name, source, medium, impressions, clicks,
    spend_amount, currency, _dlt_load_id
)
select
    'google_ads', n, date '2026-04-03' + {day} + d, 'campaign-' || n, 'google', 'cpc', 900, 20, 15,
    'EUR', '{load_id}'
from generate_series(2, 38, 4) as n cross join generate_series(0, {days} - 1) as d;

insert into raw_hubspot._dlt_loads values ('{load_id}', 'raw_hubspot', 0, now(), null);
insert into raw_matomo._dlt_loads values ('{load_id}', 'raw_matomo', 0, now(), null);
insert into raw_shopify._dlt_loads values ('{load_id}', 'raw_shopify', 0, now(), null);
insert into raw_files._dlt_loads values ('{load_id}', 'raw_files', 0, now(), null);
drop table visited;
