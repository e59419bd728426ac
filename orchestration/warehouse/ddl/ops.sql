-- What a run knows about itself: counts and times, never a value of a person's.

-- The one moment that a build happens at; models read it instead of asking for the time.
create table if not exists ops.clock (
    only_row boolean primary key default true check (only_row),
    as_of timestamp not null
);

insert into ops.clock (as_of) values (timestamp '1970-01-01') on conflict do nothing;

-- One row per run and resource, written when the resource is loaded.
create table if not exists ops.load_counts (
    run_id text not null,
    source text not null,
    resource text not null,
    rows_loaded bigint not null default 0,
    rows_quarantined bigint not null default 0,
    rows_suppressed bigint not null default 0,
    rows_unpermitted bigint not null default 0,
    server_total bigint,
    loaded_at timestamp not null default (now() at time zone 'UTC'),
    primary key (run_id, source, resource)
);

create index if not exists load_counts_by_resource
    on ops.load_counts (source, resource, loaded_at);

comment on column ops.load_counts.server_total is 'What the vendor says it has; null when it does not tell.';

-- One row per field that a source started, stopped or changed sending.
create table if not exists ops.schema_drift (
    source text not null,
    resource text not null,
    field text not null,
    kind text not null,
    first_seen timestamp not null,
    last_seen timestamp not null,
    rows bigint not null default 0,
    primary key (source, resource, field, kind)
);

-- What bootstrap last made here, and which home's keys this warehouse belongs to.
create table if not exists ops.setup (
    only_row boolean primary key default true check (only_row),
    stamp text not null,
    key_fingerprint text not null,
    applied_at timestamp not null default (now() at time zone 'UTC')
);
