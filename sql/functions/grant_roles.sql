-- rowhook.grant_roles(): gives rowhook_reader, rowhook_operator and rowhook_admin their rights, as far as these
-- roles exist; returns the names of those that do not. Every install calls it. Where the installer may not
-- create roles, somebody who may creates them and calls this again, or the next install does.
--   reader    looks: status, messages, changes, history, the logs of requests, backfills and replays
--   operator  and acts: pauses and resumes, redelivers and discards, replays and backfills
--   admin     everything in the schema, the configuration included; secrets are encrypted in there
-- A right of one role is given to the ones below as well, rather than by membership: the roles may have
-- been made by somebody else, who has granted other things to them.
-- PUBLIC gets nothing but rowhook.annotate, which sets a setting of the caller's own transaction.
create or replace function rowhook.grant_roles() returns text[]
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_reads    text[] := array[
    'sink_stats', 'list_messages', 'get_message', 'history', 'partitions', 'sink_named', 'now'];
  v_shown    text[] := array[
    'status', 'messages', 'changes', 'retentions', 'log_partitions', 'delivery', 'activity', 'backfill', 'backfill_table', 'replay'];
  v_acts     text[] := array[
    'pause_sink', 'resume_sink', 'redeliver', 'discard', 'replay', 'backfill', 'set_replay_state', 'set_backfill_state',
    -- what the procedures replay and backfill call with the caller's own rights
    'request_replay', 'request_backfill', 'sink_sources', 'plan_filter', 'live_columns', 'virtual_columns'];
  v_role     text;
  v_missing  text[] := '{}';
begin
  revoke all on schema rowhook from public;
  revoke all on all tables in schema rowhook from public;
  revoke all on all sequences in schema rowhook from public;
  revoke all on all routines in schema rowhook from public;
  grant usage on schema rowhook to public;
  grant execute on function rowhook.annotate(jsonb), rowhook.annotate(text) to public;

  foreach v_role in array array['rowhook_reader', 'rowhook_operator', 'rowhook_admin'] loop
    if to_regrole(v_role) is null then
      v_missing := v_missing || v_role;
      continue;
    end if;
    execute format('grant usage on schema rowhook to %I', v_role);
    execute format('grant execute on routine %s to %I', (
      select string_agg(p.oid::regprocedure::text, ', ') from pg_proc p
      where p.pronamespace = 'rowhook'::regnamespace
        and (p.proname = any (v_reads) or v_role <> 'rowhook_reader' and p.proname = any (v_acts))), v_role);
    execute format('grant select on %s to %I', (select string_agg('rowhook.' || t, ', ') from unnest(v_shown) t), v_role);
    if v_role = 'rowhook_admin' then
      execute format('grant all on all tables in schema rowhook to %I', v_role);
      execute format('grant all on all sequences in schema rowhook to %I', v_role);
      execute format('grant execute on all routines in schema rowhook to %I', v_role);
    end if;
  end loop;
  return v_missing;
end
$$;
