-- How rows get into the consent ledger (see consent.sql): always chained, one writer at a time.

-- Add what a query in the ledger's shape returns and the ledger does not hold yet. An undated
-- state that only repeats what its source last said is no news; nor is a grant that a vendor
-- carries over to another address of the same record: it stays on the one it was given for; nor a
-- doubt about the address of a grant that was recorded when there was none.
-- A refusal is also one for every other address under which the same record permitted before.
-- One transaction: a killed append leaves nothing. The lock on the head makes commit order that of
-- seq. What the ledger does not hold is set apart first, in one pass over what was told; the rest
-- then costs what is new. Whether an event is known is asked there only: asked again of what is new,
-- the planner expects a single row and reads the ledger once for each.
create or replace function consent.insert_chained(source_sql text) returns bigint
language plpgsql as $body$
declare
    head record;
    -- Random and forgotten; each row's nonce is derived from it. A random one for each row would be a
    -- call of the operating system each.
    secret text := gen_random_uuid()::text || gen_random_uuid()::text;
    added bigint;
begin
    select chain_head.seq, chain_head.hash into head from consent.chain_head for update;
    execute format($sql$
        create temporary table consent_unheard on commit drop as
        with told as materialized (
            select
                source.*,
                known.event_id is not null as is_known,
                source.kind = 'state_observation' and source.subject_scope = 'contact_point'
                and source.action in ('deny', 'withdraw', 'object') as is_refusal
            from (%s) as source
            left join consent.events as known on known.event_id = source.event_id
            where known.event_id is null
                or source.kind = 'state_observation' and source.subject_scope = 'contact_point'
                and source.action in ('deny', 'withdraw', 'object')
        ),
        permitted as (
            select distinct
                events.subject_key, events.source, events.source_key, events.purpose
            from consent.events
            where events.subject_scope = 'contact_point'
                and events.action in ('grant', 'confirm', 'pending')
                and exists (select from told where told.is_refusal)
        )
        select
            told.event_id, told.subject_key, told.subject_scope, told.purpose, told.channel,
            told.action, told.kind, told.legal_basis, told.jurisdiction,
            told.jurisdiction_source, told.age_band, told.source, told.source_key,
            told.capture_method, told.notice_version, told.proof_sha256, told.consent_string,
            told.key_version, told.is_authenticated, told.occurred_at, told.received_at,
            told.expires_at, told.double_opt_in_at
        from told
        where not told.is_known
        union all
        select
            md5(told.event_id || '|' || permitted.subject_key), permitted.subject_key,
            told.subject_scope, told.purpose, told.channel, told.action, told.kind,
            told.legal_basis, told.jurisdiction, told.jurisdiction_source, told.age_band,
            told.source, told.source_key, told.capture_method, told.notice_version,
            told.proof_sha256, told.consent_string, told.key_version, told.is_authenticated,
            told.occurred_at, told.received_at, told.expires_at, told.double_opt_in_at
        from told
        join permitted
            on permitted.source = told.source
            and permitted.source_key = told.source_key
            and permitted.purpose = told.purpose
            and permitted.subject_key <> told.subject_key
        where told.is_refusal
            and not exists (
                select from consent.events as known
                where known.event_id = md5(told.event_id || '|' || permitted.subject_key)
            )
    $sql$, source_sql);
    analyze pg_temp.consent_unheard;
    perform set_config('enable_nestloop', 'on', true);
    execute $sql$
        with
        news as (
            select distinct on (observed.event_id) observed.*
            from pg_temp.consent_unheard as observed
            where (
                observed.occurred_at is not null
                or observed.kind = 'act'
                or observed.action is distinct from (
                    select events.action
                    from consent.events
                    where events.subject_key = observed.subject_key
                        and events.purpose = observed.purpose
                        and events.channel = observed.channel
                        and events.source = observed.source
                    order by coalesce(events.occurred_at, events.received_at) desc, events.seq desc
                    limit 1
                )
            )
            and not exists (
                select from consent.events as proven
                where proven.source = observed.source
                    and proven.source_key = observed.source_key
                    and proven.subject_key = observed.subject_key
                    and proven.purpose = observed.purpose
                    and proven.occurred_at = observed.occurred_at
                    and proven.action in ('grant', 'confirm')
                    and observed.kind = 'state_observation'
                    and observed.action = 'pending'
            )
            and not exists (
                select from consent.events as given
                where given.source = observed.source
                    and given.source_key = observed.source_key
                    and given.purpose = observed.purpose
                    and given.occurred_at = observed.occurred_at
                    and given.subject_key <> observed.subject_key
                    and given.subject_scope = 'contact_point'
                    and observed.kind = 'state_observation'
                    and observed.action in ('grant', 'confirm')
            )
            order by observed.event_id
        ),
        numbered as (
            select
                $1 + row_number() over (order by news.received_at, news.event_id) as seq,
                left(encode(sha256(convert_to($3 || news.event_id, 'UTF8')), 'hex'), 32) as nonce,
                news.*
            from news
        ),
        committed as materialized (
            select row(
                numbered.seq, numbered.event_id, numbered.subject_key, numbered.subject_scope,
                numbered.purpose, numbered.channel, numbered.action, numbered.kind,
                numbered.legal_basis, numbered.jurisdiction, numbered.jurisdiction_source,
                numbered.age_band, numbered.source, numbered.source_key,
                numbered.capture_method, numbered.notice_version, numbered.proof_sha256,
                numbered.consent_string, numbered.key_version, numbered.is_authenticated,
                numbered.occurred_at, numbered.received_at, numbered.expires_at,
                numbered.double_opt_in_at, now() at time zone 'UTC', numbered.nonce,
                '', '', '', null
            )::consent.events as event
            from numbered
        ),
        hashed as materialized (
            select
                committed.event,
                (committed.event).seq as seq,
                consent.content_hash(committed.event) as row_hash
            from committed
        ),
        chained as (
            select
                hashed.event,
                hashed.row_hash,
                consent.chain($2, hashed.row_hash) over (
                    order by hashed.seq rows unbounded preceding
                ) as hash
            from hashed
        )
        insert into consent.events
        select
            (event).seq, (event).event_id, (event).subject_key, (event).subject_scope,
            (event).purpose, (event).channel, (event).action, (event).kind,
            (event).legal_basis, (event).jurisdiction, (event).jurisdiction_source,
            (event).age_band, (event).source, (event).source_key, (event).capture_method,
            (event).notice_version, (event).proof_sha256, (event).consent_string,
            (event).key_version, (event).is_authenticated, (event).occurred_at,
            (event).received_at, (event).expires_at, (event).double_opt_in_at,
            (event).recorded_at, (event).nonce, row_hash,
            lag(hash, 1, $2) over (order by (event).seq),
            hash,
            null
        from chained
    $sql$ using head.seq, head.hash, secret;
    get diagnostics added = row_count;
    drop table pg_temp.consent_unheard;
    if added > 0 then
        update consent.chain_head set seq = events.seq, hash = events.hash
        from consent.events
        where events.seq = (select max(latest.seq) from consent.events as latest);
        perform activation.suppress_since(head.seq);
    end if;
    return added;
end
$body$;

-- What the sources' tables say, or those of one of them. With the version of all that this reads,
-- nothing is read when the same was read before and held no news. Observations join loaded tables
-- to small mappings whose effect the planner guesses too low: a nested loop over all contacts took
-- minutes where a hash join takes a second.
create or replace function consent.append_observed(
    told_by text default null, version text default null
) returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp set enable_nestloop = off as $$
declare
    told_as text := coalesce(told_by, 'all');
    added bigint;
begin
    if to_regclass('intermediate.int_consent__observed_events') is null
        or exists (
            select from consent.heard
            where heard.source = told_as and heard.version = append_observed.version
        )
    then
        return 0;
    end if;
    added := consent.insert_chained(
        'select * from intermediate.int_consent__observed_events'
        || coalesce(' where source = ' || quote_literal(told_by), '')
    );
    if added = 0 and version is not null then
        insert into consent.heard (source, version) values (told_as, append_observed.version)
        on conflict (source) do update set version = excluded.version;
    end if;
    return added;
end
$$;

-- Acts that reach the hub itself (preference centre, commands, rights): a JSON array of rows.
create or replace function consent.submit(events jsonb) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    return consent.insert_chained(format(
        'select * from jsonb_to_recordset(%L::jsonb) as submitted (
            event_id text, subject_key text, subject_scope text, purpose text, channel text,
            action text, kind text, legal_basis text, jurisdiction text,
            jurisdiction_source text, age_band text, source text, source_key text,
            capture_method text, notice_version text, proof_sha256 text, consent_string text,
            key_version int, is_authenticated boolean, occurred_at timestamp,
            received_at timestamp, expires_at timestamp, double_opt_in_at timestamp
        )', events
    ));
end
$$;

revoke execute on all functions in schema consent from public;
