-- rowhook.read_replay(replay, after, limit, bytes): the next events that a replay sends, in the shape of
-- rowhook.read_window, with the verdicts of rowhook.replay_verdicts; in no particular order. The row with
-- the verdict "end" carries nothing but how far it has looked. Reads only.
create or replace function rowhook.read_replay(p_replay uuid, p_after bigint, p_limit int, p_bytes bigint)
returns table (
  event_id bigint, source_id int, action "char", grp text, old_grp text, pks text[], old_pks text[],
  captured_at timestamptz, xid xid8, record json, changes json, annotations text,
  undecided boolean, size int, verdict text, error text)
language plpgsql volatile
set search_path = ''
as $$
declare
  v_replay    rowhook.replay;
  v_verdicts  jsonb;
begin
  select * into strict v_replay from rowhook.replay r where r.id = p_replay;
  select jsonb_agg(to_jsonb(v)) into v_verdicts
  from rowhook.replay_verdicts(v_replay, p_after, p_limit, p_bytes) v;
  return query
    select v.event_id, e.source_id, e.action, v.grp, v.old_grp, e.pks, e.old_pks, e.captured_at, e.xid,
           e.record, e.changes, e.annotations, false,
           coalesce(pg_catalog.pg_column_size(e.record), 0)
             + coalesce(pg_catalog.pg_column_size(e.changes), 0),
           v.verdict, v.error
    from jsonb_to_recordset(v_verdicts) v(
      event_id bigint, source_id int, verdict text, grp text, old_grp text, error text)
    left join rowhook.event e on e.source_id = v.source_id and e.id = v.event_id
      and e.captured_at >= coalesce(v_replay.since, '-infinity') and e.captured_at < v_replay.until;
end
$$;
