-- Where readable personal values live, and nowhere else. Written by the guard before dlt sees a row.

-- Grain: one row per record and field, its latest value; null when the vendor no longer has one.
-- subject_key is the key of the record's own id.
create table if not exists vault.contact_values (
    subject_key text not null,
    source text not null,
    record_key text not null,
    field text not null,
    value text,
    observed_at timestamp not null,
    load_id text not null,
    primary key (source, record_key, field)
) with (fillfactor = 90);

create index if not exists contact_values_by_subject on vault.contact_values (subject_key);
