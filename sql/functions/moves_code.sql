-- rowhook.moves_code(spec): the text of `create or replace function rowhook.moves_<source>()`, which keeps the rows that a
-- merge moves to another partition, for rowhook.moved_statements to capture. Where a merge updates, Postgres shows such
-- rows to no trigger of an update: only to row triggers of the two partitions, as a delete and an insert right behind it.
--   After the delete of a row, on leaves: it waits in the setting rowhook.left_<slot> for the insert of the same row.
--   After the insert of a row: if one waits, that is the one.
-- These fire only where the setting rowhook.moves says so (rowhook.merges_code): who merges nothing pays for a look at it
-- with each row. All of this only collects: a row that is not kept here, or kept without need, is captured as if all
-- this were not.
-- Money is printed as lc_monetary has it, for which no function can be bound to the database's own.
create or replace function rowhook.moves_code(p_spec jsonb) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select format(
    E'create or replace function rowhook.moves_%1$s() returns trigger\nlanguage plpgsql security definer\n'
    'set search_path = pg_catalog, pg_temp\nas %2$L', p_spec ->> 'source', format($body$
declare
  slot text := format('%1$s_%%s', pg_trigger_depth());
  gone text;
  context text;
  level text;%2$s
begin
  if tg_op = 'INSERT' then
    gone := current_setting('rowhook.left_' || slot, true);
    if gone is null or gone = '' then
      return null;
    end if;
    perform set_config('rowhook.left_' || slot, '', true);
  end if;
  get diagnostics context = pg_context;
  level := format('%1$s_%%s ', rowhook.statement_level(context));
  if strpos(current_setting('rowhook.moves'), 'u' || level) = 0 then
    return null;
  end if;
  begin%3$s
    if tg_op = 'DELETE' then
      perform set_config('rowhook.left_' || slot, format('%%s%%s,%%s', level, tg_relid, to_json(rowhook.row_text(old))), true);
    elsif starts_with(gone, level) and rowhook.is_of_source(tg_relid, %1$s) then
      perform rowhook.keep_moved(slot,
        format('[%%s,%%s,%%s]', substr(gone, length(level) + 1), tg_relid, to_json(rowhook.row_text(new))));
    end if;%4$s
  exception when others then
    perform set_config('rowhook.left_' || slot, '', true);
    raise warning using message = format('rowhook: a row that a merge has moved was not captured: %%s', sqlerrm);
  end;
  return null;
end
$body$, p_spec ->> 'source',
    case when p.is_needed then E'\n  before jsonb;' end,
    case when p.is_needed then E'\n    before := rowhook.pin_settings();' end,
    case when p.is_needed then E'\n    perform rowhook.restore_settings(before);' end))
  from (select p_spec @? '$.columns[*].settings[*] ? (@ == "lc_monetary" || @ == "*")') p(is_needed)
$$;
