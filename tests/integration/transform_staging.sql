-- Staging as the models above it expect it, filled by hand in tests.

create table staging.stg_hubspot__associations (
    from_type text,
    from_id text,
    to_type text,
    to_id text,
    label text,
    is_deleted boolean
);

create table staging.stg_hubspot__companies (
    hubspot_company_id text,
    company_name text,
    domain text,
    industry text,
    country_code text,
    extra text,
    employee_count bigint,
    is_archived boolean,
    created_at timestamp,
    updated_at timestamp,
    archived_at timestamp
);

create table staging.stg_hubspot__contact_merges (
    surviving_contact_id text,
    merged_contact_id text,
    surviving_key text,
    merged_key text,
    merged_at timestamp
);

create table staging.stg_hubspot__contacts (
    hubspot_contact_id text,
    subject_key text,
    email_key text,
    phone_key text,
    company_hubspot_id text,
    email_domain_class text,
    email_domain text,
    phone_country text,
    country_code text,
    region text,
    language_code text,
    age_band text,
    job_title text,
    lifecycle_stage text,
    lead_status text,
    lead_source text,
    legal_basis text,
    extra text,
    is_archived boolean,
    first_seen_at timestamp,
    lead_at timestamp,
    mql_at timestamp,
    sql_at timestamp,
    opportunity_at timestamp,
    customer_at timestamp,
    created_at timestamp,
    updated_at timestamp,
    archived_at timestamp
);

create table staging.stg_hubspot__deal_stage_history (
    hubspot_deal_id text,
    deal_stage text,
    entered_at timestamp
);

create table staging.stg_hubspot__deals (
    hubspot_deal_id text,
    deal_name text,
    pipeline text,
    deal_stage text,
    currency text,
    extra text,
    amount numeric(18,2),
    is_closed boolean,
    is_won boolean,
    is_archived boolean,
    close_at timestamp,
    created_at timestamp,
    updated_at timestamp,
    archived_at timestamp
);

create table staging.stg_hubspot__identifiers (
    source text,
    record_key text,
    identifier_type text,
    subject_key text,
    first_seen timestamp,
    last_seen timestamp,
    observation_count bigint
);

create table staging.stg_hubspot__subscription_definitions (
    subscription_id text,
    subscription_name text,
    purpose text,
    communication_method text,
    is_active boolean
);

create table staging.stg_hubspot__subscription_statuses (
    hubspot_contact_id text,
    contact_key text,
    subject_key text,
    subscription_id text,
    subscription_name text,
    status text,
    legal_basis text,
    status_at timestamp,
    observed_at timestamp
);

create table staging.stg_matomo__actions (
    visit_id text,
    subject_key text,
    user_key text,
    order_id text,
    order_key text,
    action_type text,
    page_path text,
    page_title text,
    event_category text,
    event_action text,
    event_name text,
    search_keyword text,
    action_position bigint,
    revenue_amount numeric(18,2),
    occurred_at timestamp
);

create table staging.stg_matomo__consents (
    subject_key text,
    visit_id text,
    analytics_storage text,
    ad_storage text,
    ad_user_data text,
    ad_personalization text,
    has_gpc boolean,
    occurred_at timestamp,
    received_at timestamp
);

create table staging.stg_matomo__identifiers (
    source text,
    record_key text,
    identifier_type text,
    subject_key text,
    first_seen timestamp,
    last_seen timestamp,
    observation_count bigint
);

create table staging.stg_matomo__unconsented_daily (
    page_group text,
    country_code text,
    source_class text,
    visit_count bigint,
    action_count bigint,
    activity_date date
);

create table staging.stg_matomo__visits (
    visit_id text,
    subject_key text,
    user_key text,
    referrer_type text,
    referrer_name text,
    referrer_host text,
    campaign_name text,
    campaign_source text,
    campaign_medium text,
    click_id_type text,
    landing_page_path text,
    device_type text,
    browser_name text,
    os_name text,
    country_code text,
    language_code text,
    analytics_consent text,
    ads_consent text,
    duration_seconds bigint,
    action_count bigint,
    is_bot boolean,
    started_at timestamp,
    ended_at timestamp,
    observed_at timestamp
);

create table staging.stg_shopify__customers (
    shopify_customer_id text,
    subject_key text,
    user_key text,
    email_key text,
    phone_key text,
    email_domain_class text,
    email_domain text,
    country_code text,
    region_code text,
    language_code text,
    age_band text,
    email_marketing_state text,
    email_marketing_level text,
    sms_marketing_state text,
    sms_marketing_level text,
    extra text,
    is_deleted boolean,
    email_marketing_at timestamp,
    sms_marketing_at timestamp,
    created_at timestamp,
    updated_at timestamp,
    deleted_at timestamp
);

create table staging.stg_shopify__fulfillments (
    fulfillment_id text,
    shopify_order_id text,
    status text,
    created_at timestamp,
    promised_delivery_at timestamp,
    delivered_at timestamp
);

create table staging.stg_shopify__identifiers (
    source text,
    record_key text,
    identifier_type text,
    subject_key text,
    first_seen timestamp,
    last_seen timestamp,
    observation_count bigint
);

create table staging.stg_shopify__inventory_levels (
    inventory_item_id text,
    variant_id text,
    location_id text,
    available bigint,
    updated_at timestamp
);

create table staging.stg_shopify__order_lines (
    order_line_id text,
    shopify_order_id text,
    product_id text,
    variant_id text,
    sku text,
    product_title text,
    currency text,
    quantity bigint,
    unit_price_amount numeric(18,2),
    discount_amount numeric(18,2)
);

create table staging.stg_shopify__orders (
    shopify_order_id text,
    order_key text,
    shopify_customer_id text,
    subject_key text,
    email_key text,
    phone_key text,
    currency text,
    presentment_currency text,
    financial_status text,
    fulfillment_status text,
    sales_channel text,
    landing_path text,
    referrer_host text,
    utm_source text,
    utm_medium text,
    utm_campaign text,
    country_code text,
    subtotal_amount numeric(18,2),
    discount_amount numeric(18,2),
    shipping_amount numeric(18,2),
    tax_amount numeric(18,2),
    total_amount numeric(18,2),
    is_test boolean,
    is_deleted boolean,
    ordered_at timestamp,
    updated_at timestamp,
    cancelled_at timestamp,
    deleted_at timestamp
);

create table staging.stg_shopify__product_variants (
    variant_id text,
    product_id text,
    inventory_item_id text,
    sku text,
    price_amount numeric(18,2)
);

create table staging.stg_shopify__products (
    product_id text,
    title text,
    product_type text,
    vendor text,
    status text,
    updated_at timestamp
);

create table staging.stg_shopify__refund_lines (
    refund_id text,
    order_line_id text,
    shopify_order_id text,
    quantity bigint,
    amount numeric(18,2)
);

create table staging.stg_shopify__refunds (
    refund_id text,
    shopify_order_id text,
    currency text,
    amount numeric(18,2),
    refunded_at timestamp
);
