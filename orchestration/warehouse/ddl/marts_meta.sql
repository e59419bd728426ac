-- What readers and operators may know about the marts; no rows of any mart, no personal data.
-- Timestamps are plain timestamps in UTC. Written by the role publisher only.

create schema if not exists marts_meta;
-- Pre-images of the last releases, one table per mart, created by the publisher. Personal data:
-- no reader has access, erasure covers every table of this schema.
create schema if not exists marts_history;

-- One row per release; the highest release_id is what readers see now.
create table if not exists marts_meta.releases (
    release_id bigint primary key,
    kind text not null check (kind in ('publish', 'rollback')),
    released_at timestamp not null,
    run_id text,
    data_until timestamp,
    rows_added bigint not null,
    rows_removed bigint not null,
    rows_changed bigint not null,
    seconds numeric(12, 3) not null,
    acknowledged_block_id bigint,
    undone_release_id bigint,
    is_undone boolean not null default false
);
comment on table marts_meta.releases is
'One row per release of all marts; the highest release_id is the one readers see.';
comment on column marts_meta.releases.undone_release_id is
'For a rollback: the release whose changes it took back.';

-- One row per release and mart that changed.
create table if not exists marts_meta.release_marts (
    release_id bigint not null references marts_meta.releases on delete cascade,
    mart_schema text not null,
    mart_table text not null,
    is_first boolean not null,
    rows_before bigint not null,
    rows_after bigint not null,
    rows_added bigint not null,
    rows_removed bigint not null,
    rows_changed bigint not null,
    key_overlap numeric(7, 4) not null,
    primary key (release_id, mart_schema, mart_table)
);
comment on column marts_meta.release_marts.key_overlap is
'Share of the keys of the release before that are still there, 0 to 1.';

-- One row per release, mart and column whose values changed in rows that stayed.
create table if not exists marts_meta.release_columns (
    release_id bigint not null references marts_meta.releases on delete cascade,
    mart_schema text not null,
    mart_table text not null,
    column_name text not null,
    rows_changed bigint not null,
    primary key (release_id, mart_schema, mart_table, column_name)
);

-- One row per mart: how fresh it is and whether its checks passed.
create table if not exists marts_meta.freshness (
    mart_schema text not null,
    mart_table text not null,
    release_id bigint not null,
    released_at timestamp not null,
    data_until timestamp,
    confirmed_at timestamp not null,
    rows_total bigint not null,
    gate_result text not null,
    primary key (mart_schema, mart_table)
);
comment on column marts_meta.freshness.release_id is 'Last release that changed this mart.';
comment on column marts_meta.freshness.data_until is 'Events up to this moment are contained.';
comment on column marts_meta.freshness.confirmed_at is
'Last time a publish compared this mart with what was built, whether or not it changed.';

-- One row per mart: the versions of what was built and of what is published when the two were last
-- equal (orchestration/building/versions.py), so that nothing is compared that nobody wrote to.
create table if not exists marts_meta.compared (
    mart_schema text not null,
    mart_table text not null,
    built_version text not null,
    published_version text not null,
    rows_total bigint not null,
    primary key (mart_schema, mart_table)
);

-- One row per published mart, key and column: the contract in tables, for tools and people.
create table if not exists marts_meta.marts (
    mart_schema text not null,
    mart_table text not null,
    core_relation text not null,
    description text not null,
    owner_group text not null,
    version text,
    deprecation_date date,
    primary key (mart_schema, mart_table)
);
create table if not exists marts_meta.keys (
    mart_schema text not null,
    mart_table text not null,
    kind text not null check (kind in ('primary', 'foreign')),
    column_names text not null,
    to_schema text not null default '',
    to_table text not null default '',
    to_column_names text not null default '',
    primary key (mart_schema, mart_table, kind, column_names, to_schema, to_table)
);
create table if not exists marts_meta.columns (
    mart_schema text not null,
    mart_table text not null,
    column_name text not null,
    data_type text not null,
    description text not null,
    pii text not null,
    purpose text,
    is_required boolean not null,
    primary key (mart_schema, mart_table, column_name)
);

-- One row per change of shape that readers may notice.
create table if not exists marts_meta.changelog (
    changelog_id bigint generated always as identity primary key,
    release_id bigint not null,
    changed_at timestamp not null,
    mart_schema text not null,
    mart_table text not null,
    kind text not null,
    column_name text,
    detail text not null
);

-- One row per release that was held back, and who let it pass and why.
create table if not exists marts_meta.blocks (
    block_id bigint generated always as identity primary key,
    kind text not null check (kind in ('limit', 'rollback')),
    blocked_at timestamp not null,
    run_id text,
    reasons text not null,
    -- per mart and measure over its limit, the rows it would have touched
    exceeded jsonb not null,
    acknowledged_at timestamp,
    acknowledged_by text,
    acknowledged_reason text,
    used_by_release_id bigint
);

-- One row per expectation of the last run of its suite; counts, never values.
create table if not exists marts_meta.check_results (
    suite text not null,
    check_name text not null,
    severity text not null,
    status text not null check (status in ('passed', 'failed', 'error')),
    unexpected_count bigint,
    evaluated_count bigint,
    error text,
    query text,
    run_id text,
    checked_at timestamp not null,
    primary key (suite, check_name)
);
