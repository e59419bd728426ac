-- Written by the identity engine (role resolver); evidence tables beside these are built by dbt.
create schema if not exists identity;

create table if not exists identity.persons (
    person_id text primary key,
    created_at timestamp not null,
    standing_key text,
    retired_at timestamp
);
comment on table identity.persons is
    'One row per person ever recognised; the registry is never rebuilt from nothing.';
comment on column identity.persons.standing_key is
    'Subject key of the founding member: who holds this key holds this person id.';
create index if not exists persons_standing_key_idx on identity.persons (standing_key);

create table if not exists identity.person_links (
    subject_key text not null,
    identifier_type text not null,
    person_id text not null,
    valid_from timestamp not null,
    valid_to timestamp not null,
    primary key (subject_key, valid_from)
);
comment on table identity.person_links is
    'One row per subject key and interval in which it belongs to one person.';
create index if not exists person_links_person_id_idx on identity.person_links (person_id);

create table if not exists identity.history (
    history_id bigint generated always as identity primary key,
    person_id text not null,
    became text,
    kind text not null
        check (kind in ('created', 'merged', 'split', 'restored', 'withdrawn')),
    effective_at timestamp not null,
    recorded_at timestamp not null,
    cause text not null
);
comment on table identity.history is
    'One row per event: created, merged (person → became), split (person → became), restored '
    '(holder → became), withdrawn (no evidence left).';
create index if not exists history_recorded_at_idx on identity.history (recorded_at);

create table if not exists identity.cut_edges (
    left_key text not null,
    left_type text not null,
    right_key text,
    right_type text,
    reason text not null,
    shared_by integer,
    first_seen timestamp,
    last_seen timestamp,
    observation_count bigint,
    recorded_at timestamp not null
);
comment on table identity.cut_edges is
    'Evidence that exists but does not join, as of now, with the rule that cut it. A value that '
    'was refused whole has no right side.';
create index if not exists cut_edges_left_key_idx on identity.cut_edges (left_key);
create index if not exists cut_edges_right_key_idx on identity.cut_edges (right_key);

create table if not exists identity.binding_edges (
    left_key text not null,
    left_type text not null,
    right_key text not null,
    right_type text not null,
    origin text not null,
    occurred_at timestamp not null,
    primary key (left_key, right_key, origin)
);
comment on table identity.binding_edges is
    'Merges and operators'' decisions that the last resolution used (origin: merge, allow, deny).';

create table if not exists identity.operator_decisions (
    decision text not null check (decision in ('allow', 'deny', 'withdrawn')),
    left_key text not null,
    left_type text not null,
    right_key text not null,
    right_type text not null,
    author text not null,
    reason text not null,
    decided_at timestamp not null
);
comment on table identity.operator_decisions is
    'Decisions taken by command, in order; the latest on a pair holds. Reviewed ones belong in '
    'the seed identity_overrides.';

create table if not exists identity.resolutions (
    resolution_id bigint generated always as identity primary key,
    recorded_at timestamp not null,
    mode text not null check (mode in ('full', 'increment', 'unchanged')),
    rules_fingerprint text not null,
    evidence_oid oid not null,
    evidence_rows bigint not null,
    evidence_deleted bigint not null,
    evidence_snapshot text not null,
    summary text not null
);
comment on table identity.resolutions is 'One row per resolution: what it read and what it did.';

create table if not exists identity.review_queue (
    left_key text not null,
    left_type text not null,
    right_key text not null,
    right_type text not null,
    match_probability double precision not null,
    match_weight double precision not null,
    explanation text not null,
    proposed_at timestamp not null,
    decision text check (decision in ('accepted', 'rejected')),
    decided_by text,
    decided_at timestamp,
    primary key (left_key, right_key)
);
comment on table identity.review_queue is
    'Pairs that the probabilistic tier proposes; explanation names compared fields and weights, '
    'never values.';
