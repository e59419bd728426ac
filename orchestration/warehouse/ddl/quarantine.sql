-- Rows that the guard could not accept. The sample is redacted before it is written.

create table if not exists quarantine.rows (
    row_id bigint generated always as identity primary key,
    source text not null,
    resource text not null,
    reason text not null,
    source_key_hash text,
    redacted_sample text,
    run_id text not null,
    seen_at timestamp not null default (now() at time zone 'UTC')
);

create index if not exists rows_by_resource on quarantine.rows (source, resource, seen_at);
create index if not exists rows_by_run on quarantine.rows (run_id);
