-- rowhook.request_replay(sink, options): rowhook.create_replay for those who may start a replay and nothing
-- else. A filter that is compiled already is dropped from the options: such a text would be run as it
-- is, with the owner's rights. The one that is given as text, a dispatcher compiles and checks.
create or replace function rowhook.request_replay(p_sink int, p_options jsonb) returns uuid
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  select rowhook.create_replay(p_sink, p_options - 'filter_parts' - 'source_ids')
$$;
