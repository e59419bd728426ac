-- The consent ledger. Grain of consent.events: one act or one changed state, per subject key,
-- purpose and channel. Rows are added through consent.append_observed() and consent.submit()
-- only; the chain of hashes shows any other hand. Times are UTC.
create schema if not exists consent;

create table if not exists consent.events (
    seq bigint primary key,
    event_id text not null unique,
    subject_key text not null,
    subject_scope text not null
        check (subject_scope in ('device', 'contact_point', 'account', 'person')),
    purpose text not null,
    channel text not null,
    action text not null check (
        action in ('grant', 'confirm', 'pending', 'deny', 'withdraw', 'object', 'gpc', 'redact')
    ),
    kind text not null check (kind in ('act', 'state_observation')),
    legal_basis text,
    jurisdiction text,
    jurisdiction_source text,
    age_band text,
    source text not null,
    source_key text,
    capture_method text,
    notice_version text,
    proof_sha256 text,
    consent_string text,
    key_version int not null,
    is_authenticated boolean not null,
    occurred_at timestamp,
    received_at timestamp not null,
    expires_at timestamp,
    double_opt_in_at timestamp,
    recorded_at timestamp not null,
    nonce text,
    row_hash text not null,
    prev_hash text not null,
    hash text not null,
    redaction_id text
);

create index if not exists events_subject on consent.events (subject_key);
-- What an erasure redacted is looked up after every refresh; it is little, or nothing.
create index if not exists events_redacted on consent.events (seq) where redaction_id is not null;

create table if not exists consent.chain_head (
    is_head boolean primary key default true check (is_head),
    seq bigint not null,
    hash text not null
);

-- One row per source, or 'all': the version of what was observed and of the ledger when the former
-- last held nothing that the latter lacked (orchestration/building/versions.py).
create table if not exists consent.heard (
    source text primary key,
    version text not null
);

insert into consent.chain_head (seq, hash) values (0, repeat('0', 64)) on conflict do nothing;

-- What the hash of a row covers: all of it but its place in the chain. The random nonce makes
-- the hash a commitment that says nothing about the content once a redaction removed both.
create or replace function consent.content_hash(event consent.events) returns text
language sql stable as $$
    select encode(sha256(convert_to(row(
        event.nonce, event.seq, event.event_id, event.subject_key, event.subject_scope,
        event.purpose, event.channel, event.action, event.kind, event.legal_basis,
        event.jurisdiction, event.jurisdiction_source, event.age_band, event.source,
        event.source_key, event.capture_method, event.notice_version, event.proof_sha256,
        event.consent_string, event.key_version, event.is_authenticated,
        extract(epoch from event.occurred_at), extract(epoch from event.received_at),
        extract(epoch from event.expires_at), extract(epoch from event.double_opt_in_at),
        extract(epoch from event.recorded_at)
    )::text, 'UTF8')), 'hex')
$$;

create or replace function consent.chain_step(state text, head text, row_hash text) returns text
language plpgsql immutable parallel safe as $$
begin
    return encode(sha256(convert_to(coalesce(state, head) || row_hash, 'UTF8')), 'hex');
end
$$;

create or replace aggregate consent.chain(head text, row_hash text) (
    sfunc = consent.chain_step,
    stype = text
);

-- Erasure. What names a person goes; that something was said, and the chain, stay.
create or replace function consent.redact(subject_keys text[], redaction text) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    redacted bigint;
    proof text;
begin
    perform from consent.chain_head for update;
    update consent.events
    set event_id = 'redacted-' || events.seq, subject_key = 'redacted', source_key = null,
        proof_sha256 = null, consent_string = null, nonce = null, redaction_id = redaction
    where events.subject_key = any (subject_keys) and events.redaction_id is null;
    get diagnostics redacted = row_count;
    if redacted = 0 then
        return 0;
    end if;
    select consent.redaction_proof(redaction) into proof;
    perform consent.submit(jsonb_build_array(jsonb_build_object(
        'event_id', 'redaction-' || redaction || '-' || left(proof, 16),
        'subject_key', 'redacted', 'subject_scope', 'person', 'purpose', 'service',
        'channel', 'any', 'action', 'redact', 'kind', 'act', 'source', 'tandem',
        'source_key', redaction, 'proof_sha256', proof, 'key_version', 1,
        'is_authenticated', true, 'received_at', now() at time zone 'UTC'
    )));
    return redacted;
end
$$;

-- Commitment to the rows one erasure redacted; its redact event carries the last of them.
create or replace function consent.redaction_proof(redaction text) returns text
language sql stable as $$
    select encode(sha256(convert_to(
        string_agg(events.row_hash, '' order by events.seq), 'UTF8'
    )), 'hex')
    from consent.events
    where events.redaction_id = redaction
$$;

create or replace function consent.refuse_change() returns trigger
language plpgsql as $$
begin
    if tg_op = 'UPDATE' then
        if old.redaction_id is null and new.redaction_id is not null
            and new.subject_key = 'redacted' and new.nonce is null
            and new.source_key is null and new.proof_sha256 is null
            and new.consent_string is null
            and (new.seq, new.row_hash, new.prev_hash, new.hash, new.purpose, new.action)
            = (old.seq, old.row_hash, old.prev_hash, old.hash, old.purpose, old.action)
        then
            return new;
        end if;
    end if;
    raise exception 'consent.events is append-only: % refused', tg_op
        using hint = 'append a correcting event instead';
end
$$;

create or replace trigger events_append_only
before update or delete on consent.events
for each row execute function consent.refuse_change();

create or replace trigger events_never_truncated
before truncate on consent.events
for each statement execute function consent.refuse_change();

revoke execute on all functions in schema consent from public;
