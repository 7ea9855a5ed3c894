-- rowhook.rows_code(spec): the text of `create or replace function rowhook.rows_<source>()`, which captures a table that
-- has foreign members (rowhook.foreign_members), by triggers for each row and without transition tables, of which
-- Postgres does not mind that a foreign table is there. Set on partitioned tables, for each statement, it does nothing:
-- rowhook.wanted_triggers puts it in the place of triggers that would make statements fail.
-- A stopgap, and slow: it plans each row's statement. The sinks are stale, so all verdicts are left to the reader.
-- What a table was altered from since this code was made is asked of the catalogs, as in rowhook.capture_code.
create or replace function rowhook.rows_code(p_spec jsonb) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_texts  text;
  v_body   text;
begin
  select string_agg(format(E'\n      when %L then %L', upper(a.action), rowhook.generic_text(p_spec, a.action)), '')
  into v_texts
  from unnest('{insert,update,delete}'::text[]) a(action);
  v_body := format($body$
declare
  row_of text := case tg_op
    when 'INSERT' then 'with rowhook_new as (select ($1).*) '
    when 'UPDATE' then 'with rowhook_new as (select ($1).*), rowhook_old as (select ($2).*) '
    else 'with rowhook_old as (select ($2).*) ' end;
begin
  if tg_level = 'STATEMENT' or not rowhook.is_of_source(tg_relid, %1$s) then
    return null;
  end if;
  begin
    if rowhook.is_current('%2$s'::regclass, %3$L) then
      execute row_of || case tg_op%4$s end using new, old;
    else
      execute row_of || rowhook.generic_statement(%1$s, tg_op) using new, old;
    end if;
  exception when others then
    begin
      execute row_of || rowhook.generic_statement(%1$s, tg_op) using new, old;
    exception when others then
      execute row_of || rowhook.bare_statement(%1$s, tg_op) using new, old;
    end;
  end;
  if pg_sequence_last_value('rowhook.sleep_seq'::regclass) = 2 then
    perform rowhook.wake();
  end if;
  return null;
end
$body$, p_spec ->> 'source', p_spec ->> 'relid', p_spec ->> 'digest', v_texts);
  return format(
    E'create or replace function rowhook.rows_%s() returns trigger\nlanguage plpgsql security definer\n%s'
    'set search_path = pg_catalog, pg_temp\nas %L',
    p_spec ->> 'source', (
      select string_agg(format(E'set %s = %L\n', p.name, p.value), '' order by p.name)
      from rowhook.pinned_settings() p where p.name <> 'search_path'), v_body);
end
$$;
