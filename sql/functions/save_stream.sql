-- rowhook.save_stream(…): everything that a run has to say since its last save, in one transaction,
-- and only if its token is still the stream's: a dispatcher that was merely paused can do no harm.
-- Returns false, and writes nothing, when the lease is lost. So it does, and takes the lease away, when there is no
-- such tick as p_to, or as `read` in p_ops: a server that lost its last commits (a failover to an asynchronous standby)
-- has lost it, and the ids of the events that it shows mean others now.
-- Writes stream, batch, held, discarded, and sink (pause after 410).
--
-- A save is repeated, under its number, when its answer got lost, so it means the same when done twice; and what
-- was sent over a connection that broke may arrive when later ones have long been done, and then does nothing.
-- So `p_delivered` is
-- the stream's total for that reason. `p_ops` is null on the happy path. All its times are milliseconds from now, by this clock:
--   store    [{id, source_id, pks, grp, captured_at, xid, record, backfill_id}]  backfilled rows that must be kept
--   freeze   [{id, event_ids, member_failures, groups, attempt, next_ms|null, error}]  new or changed;
--                                             of several about one batch the last holds
--   done     [batch id]                       batches that are over
--   hold     [{event_id, groups, failures}]   behind everything held so far
--   hold_first                                before everything held so far
--   regroup  [{event_id, groups}]             of those that are held: it has turned out which they belong to
--   release  [event id]                       held no longer: sent, or in a batch
--   discard  [{event_id, groups, attempts, webhook_id, error}]
--   circuit  {state, blind, failures, probes, next_ms|null}
--   backfill [{id, cursor, rows, done, size}] how far backfill_table rows have got; a backfill whose
--                                             tables are all done is completed
--   replayed number                           messages that a replay has brought so far
--   read     the newest tick that the run has read up to: what it says is about events that were visible by then
--   error    text|null, pause text
create or replace function rowhook.save_stream(
  p_stream bigint, p_token bigint, p_save bigint, p_from bigint, p_to bigint, p_last bigint, p_delivered bigint,
  p_ops json default null)
returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now     timestamptz := rowhook.now();
  v_sink    int;
  v_replay  uuid;
begin
  -- The sink's row before the stream's, as who edits or deletes the sink does: a deadlock would break one of the two off.
  if p_ops -> 'pause' is not null then
    perform from rowhook.sink s
    where s.id = (select st.sink_id from rowhook.stream st where st.id = p_stream) for no key update;
  elsif p_ops is not null then
    perform from rowhook.sink s
    where s.id = (select st.sink_id from rowhook.stream st where st.id = p_stream) for key share;
  end if;
  update rowhook.stream st
  set tick_from = p_from,
      tick_to = p_to,
      last_id = p_last,
      delivered = p_delivered,
      save = p_save,
      last_delivered_at = case when p_delivered > st.delivered then v_now else st.last_delivered_at end,
      updated_at = v_now
  where st.id = p_stream and st.token = p_token and st.owner is not null and st.save <= p_save
    and (st.replay_id is not null
         or exists (select from rowhook.tick t where t.id = p_to)
            and exists (select from rowhook.tick t where t.id = coalesce((p_ops ->> 'read')::bigint, p_to)))
  returning st.sink_id, st.replay_id into v_sink, v_replay;
  if not found then
    -- The server has lost what the run goes by, the ticks: somebody begins anew at what is left.
    update rowhook.stream st
    set owner = null, updated_at = v_now
    where st.id = p_stream and st.token = p_token and st.owner is not null and st.save <= p_save;
    if found then
      return false;
    end if;
    return exists (select from rowhook.stream st where st.id = p_stream and st.token = p_token and st.owner is not null);
  end if;
  if p_ops is null then
    if v_replay is not null then
      perform rowhook.complete_replay(p_stream, v_replay, p_last, null);
    end if;
    return true;
  end if;

  insert into rowhook.event (id, xid, source_id, action, captured_at, sinks, groups, pks, record, extra)
  select e.id, e.xid, e.source_id, 'r', e.captured_at, array[v_sink],
         case when e.grp is not null then array[e.grp] end, e.pks, e.record::json,
         row(null, null, null, e.backfill_id, null)::rowhook.event_extra
  from json_to_recordset(p_ops -> 'store') e(
    id bigint, source_id int, pks text[], grp text, captured_at timestamptz, xid xid8, record text,
    backfill_id text)
  where not exists (select from rowhook.event o where o.source_id = e.source_id and o.id = e.id);

  insert into rowhook.batch (id, stream_id, event_ids, member_failures, groups, attempt, next_at, last_error)
  -- a batch that failed several times while saves were long in coming: its last word
  select distinct on (f.id) f.id, p_stream, f.event_ids, f.member_failures, f.groups, f.attempt,
         v_now + f.next_ms * interval '1 millisecond', f.error
  from rows from (
    json_to_recordset(p_ops -> 'freeze') as (
      id text, event_ids bigint[], member_failures int[], groups text[], attempt int,
      next_ms double precision, error text)
  ) with ordinality f(id, event_ids, member_failures, groups, attempt, next_ms, error, ordinal)
  order by f.id, f.ordinal desc
  on conflict (id) do update
  set attempt = excluded.attempt,
      -- fewer only when a member's payload was gone
      event_ids = excluded.event_ids,
      member_failures = excluded.member_failures,
      next_at = excluded.next_at,
      last_error = excluded.last_error;

  delete from rowhook.batch b
  where b.stream_id = p_stream
    and b.id in (select json_array_elements_text(p_ops -> 'done'));

  insert into rowhook.held (stream_id, event_id, groups, failures)
  select p_stream, h.event_id, h.groups, coalesce(h.failures, 0)
  from rows from (
    json_to_recordset(p_ops -> 'hold') as (event_id bigint, groups text[], failures int)
  ) with ordinality h(event_id, groups, failures, ordinal)
  order by h.ordinal
  on conflict (stream_id, event_id) do nothing;

  update rowhook.held h
  set groups = r.groups
  from json_to_recordset(p_ops -> 'regroup') r(event_id bigint, groups text[])
  where h.stream_id = p_stream and h.event_id = r.event_id;

  delete from rowhook.held h
  where h.stream_id = p_stream
    and h.event_id in (select x::bigint from json_array_elements_text(p_ops -> 'release') x);

  -- a crash may have left one of them further behind
  delete from rowhook.held h
  where h.stream_id = p_stream
    and h.event_id in (select (x ->> 'event_id')::bigint from json_array_elements(p_ops -> 'hold_first') x);

  -- Below zero is before everything; drawn from the one sequence, the numbers of several streams differ.
  insert into rowhook.held (seq, stream_id, event_id, groups, failures)
  overriding system value
  select -nextval('rowhook.held_seq_seq'), p_stream, h.event_id, h.groups, coalesce(h.failures, 0)
  from (
    select f.*
    from rows from (
      json_to_recordset(p_ops -> 'hold_first') as (event_id bigint, groups text[], failures int)
    ) with ordinality f(event_id, groups, failures, ordinal)
    order by f.ordinal desc) h
  on conflict (stream_id, event_id) do nothing;

  insert into rowhook.discarded as d
    (sink_id, event_id, replay_id, groups, attempts, webhook_id, error, event, record, changes)
  -- once each: `on conflict` refuses to see one twice, and a save that fails is tried again for ever
  select distinct on (o.event_id) v_sink, o.event_id, v_replay, o.groups, o.attempts, o.webhook_id, o.error,
         coalesce(e.document, jsonb_build_object('id', o.event_id)), e.record, e.changes
  from json_to_recordset(p_ops -> 'discard') o(
    event_id bigint, groups text[], attempts int, webhook_id text, error text)
  left join lateral (
    select rowhook.event_document(f) as document, f.record, f.changes
    from rowhook.find_events(array[o.event_id]) f) e on true
  on conflict (sink_id, event_id) do update
  set attempts = excluded.attempts, error = excluded.error, webhook_id = excluded.webhook_id,
      replay_id = excluded.replay_id, groups = excluded.groups, discarded_at = v_now
  -- of a message's two fates the live one counts: it says that the log is not to bring it again
  where excluded.replay_id is null or d.replay_id is not null;

  update rowhook.backfill_table t
  set cursor = b.cursor, rows_done = b.rows, done = b.done, chunk_size = b.size,
      rows_total = case when b.done then b.rows else greatest(t.rows_total, b.rows) end
  from (
    select distinct on (s.id) s.*
    from rows from (
      json_to_recordset(p_ops -> 'backfill') as (id bigint, cursor text[], rows bigint, done boolean, size int)
    ) with ordinality s(id, cursor, rows, done, size, ordinal)
    order by s.id, s.ordinal desc) b
  where t.id = b.id;
  update rowhook.backfill f
  set state = 'completed', updated_at = v_now, completed_at = v_now
  where f.sink_id = v_sink and f.state in ('active', 'paused') and p_ops #> '{backfill,0}' is not null
    and not exists (select from rowhook.backfill_table t where t.backfill_id = f.id and not t.done);

  if p_ops -> 'circuit' is not null then
    update rowhook.stream st
    set circuit = p_ops #>> '{circuit,state}',
        circuit_blind = coalesce((p_ops #>> '{circuit,blind}')::boolean, false),
        circuit_failures = (p_ops #>> '{circuit,failures}')::int,
        circuit_probes = (p_ops #>> '{circuit,probes}')::int,
        circuit_next_at =
          v_now + (p_ops #>> '{circuit,next_ms}')::double precision * interval '1 millisecond'
    where st.id = p_stream;
  end if;
  if p_ops -> 'error' is not null then
    update rowhook.stream st
    set last_error = p_ops ->> 'error',
        last_error_at = case when p_ops ->> 'error' is null then st.last_error_at else v_now end
    where st.id = p_stream;
  end if;
  if p_ops -> 'pause' is not null then
    update rowhook.sink s
    set status = 'paused', status_reason = p_ops ->> 'pause', version = s.version + 1, updated_at = v_now
    where s.id = v_sink and s.status = 'active';
  end if;
  if v_replay is not null then
    perform rowhook.complete_replay(p_stream, v_replay, p_last, (p_ops ->> 'replayed')::bigint);
  end if;
  return true;
end
$$;
