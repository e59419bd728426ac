-- People's rights: what was asked, what must not come back, what was done. No readable personal
-- value lives here. Times are UTC.
create schema if not exists privacy;

-- One row per identifier of an erased person, hashed under K_supp; read at the door of every load.
create table if not exists privacy.tombstones (
    subject_key_supp text primary key,
    key_version text not null,
    erasure_id text not null,
    created_at timestamp not null default (now() at time zone 'UTC')
);

-- One row per request, whoever it came from. Keys are emptied when the request is closed.
create table if not exists privacy.requests (
    request_id text primary key,
    kind text not null check (kind in ('access', 'erase', 'object')),
    source text not null,
    source_key text,
    subject_keys text[] not null,
    status text not null default 'open' check (status in ('open', 'held', 'review', 'done')),
    received_at timestamp not null,
    due_at timestamp not null,
    closed_at timestamp
);

create index if not exists requests_open on privacy.requests (due_at) where status <> 'done';

-- One row per erasure under way or done. The closure is emptied when it is done.
create table if not exists privacy.erasures (
    erasure_id text primary key,
    state text not null check (state in ('tombstoned', 'erased', 'done')),
    person_ids text[] not null,
    subject_keys text[] not null,
    shared_keys text[] not null,
    verified_by text not null,
    outcome text,
    started_at timestamp not null,
    finished_at timestamp
);

-- A duty to keep that outranks erasure. Category all keeps everything of the person.
create table if not exists privacy.holds (
    hold_id text primary key,
    subject_key text not null,
    category text not null,
    reason text not null,
    placed_by text not null,
    placed_at timestamp not null,
    until_at timestamp,
    released_at timestamp
);

create index if not exists holds_subject on privacy.holds (subject_key) where released_at is null;

-- Proof of what was done, chained by hash: counts and times only.
create table if not exists privacy.receipts (
    seq bigint primary key,
    receipt_id text not null unique,
    kind text not null,
    content text not null,
    issued_at timestamp not null,
    prev_hash text not null,
    hash text not null
);

-- Deletes that other systems still owe; a reference is the other system's own id.
create table if not exists privacy.destination_deletes (
    erasure_id text not null,
    destination text not null,
    reference text not null,
    queued_at timestamp not null,
    done_at timestamp,
    primary key (erasure_id, destination, reference)
);

create or replace function privacy.refuse_receipt_change() returns trigger
language plpgsql as $$
begin
    raise exception 'privacy.receipts is append-only: % refused', tg_op;
end
$$;

create or replace trigger receipts_append_only
before update or delete on privacy.receipts
for each row execute function privacy.refuse_receipt_change();

create or replace trigger receipts_never_truncated
before truncate on privacy.receipts
for each statement execute function privacy.refuse_receipt_change();

revoke execute on all functions in schema privacy from public;
