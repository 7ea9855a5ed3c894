-- rowhook.moved_statements(source, table, operation, context, texts): SQL texts that capture what a merge has moved to other
-- partitions (rowhook.moves_code), for the trigger after its updates, or after its inserts, to run: they read that
-- trigger's transition tables. Null where there is nothing to do.
--   p_relid    the table that the statement names
--   p_context  pg_context in the trigger function
--   p_texts    rowhook.moved_texts of the table as it is now; null: not known
-- Verdicts are left to the reader.
-- Where a partition does not show what it receives, what came next would be taken for it: nothing is a move then.
--
-- After a merge, triggers fire for its deletes, then its updates, then its inserts, each only where it has such actions.
-- Rows that it moves are among its deleted and among its inserted ones; those of a plain update, in a statement that may
-- be a merge (rowhook.merges_code), are among the updated ones. So what the transition tables show tells which it was, row
-- by row, before and after: a row that stays may become equal to one that moves, but was not. Of equal rows, as a table
-- without a key may have, each counts.
--   After updates: moved rows that are not among the updated ones are captured, too. Where the statement also deletes,
--   they have been captured as deleted already, and are captured as inserted: there, what looks like a move may be
--   the delete of one row and the insert of another.
--   After inserts: what was captured after the updates is left out. The setting rowhook.merged says so, from one to the other.
--   Where an insert stands in a `with` of the merge, its trigger fires first: what will be captured is left out.
create or replace function rowhook.moved_statements(p_source int, p_relid oid, p_operation text, p_context text, p_texts text[])
returns text[]
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_slot     text := format('%s_%s', p_source, pg_trigger_depth());
  v_for_inserts  text := v_slot || '_inserts';
  v_moves    text := current_setting('rowhook.moves', true);
  v_level    text := format('%s_%s ', p_source, rowhook.statement_level(p_context));
  v_deletes  boolean := strpos(v_moves, 'd' || v_level) > 0;
  v_merged   text := current_setting('rowhook.merged', true);
  v_mark     text := format('%s_%s', p_relid, v_level);
  v_texts    text[];
  v_leaves   text;
  v_rows     text;
  v_sides    text;
begin
  if p_operation = 'INSERT' and strpos(v_merged, v_mark) > 0 then
    perform set_config('rowhook.merged', replace(v_merged, v_mark, ''), true);
    v_slot := v_for_inserts;
  elsif coalesce(strpos(v_moves, 'u' || v_level), 0) = 0 then
    return null;
  elsif p_operation = 'UPDATE' then
    perform set_config('rowhook.moves', replace(replace(v_moves, 'u' || v_level, ''), 'd' || v_level, ''), true);
    perform set_config('rowhook.left_' || v_slot, '', true); -- of the last row, if it was deleted
  end if;
  if not rowhook.has_moved(v_slot) then
    return null;
  elsif not rowhook.sees_moves(p_relid, p_source) then
    perform rowhook.forget_moved(v_slot);
    return null;
  end if;
  v_texts := coalesce(p_texts, rowhook.moved_texts(rowhook.capture_spec(p_source)));
  select string_agg(format(E',\n%s_rows as (%s)', s.side, s.rows), '') into v_leaves
  from (
    select l.side, string_agg(format(
             'select m.%5$s, %1$s from (select m.at as %5$s, m.%2$s_row::%3$s as leaf from moved m where m.%2$s_leaf = %4$s offset 0) m',
             v_texts[1], l.side, l.leaf::regclass, l.leaf, v_texts[7]), E'\nunion all ') as rows
    from (select distinct x.side, x.leaf from rowhook.moved(v_slot) m
          cross join lateral (values ('old', m.old_leaf), ('new', m.new_leaf)) x(side, leaf)) l
    group by l.side) s;
  v_rows := format($rows$with moved as materialized (select * from rowhook.moved(%1$L))%2$s,
arrived as (
  select m.*, row_number() over (partition by m.%6$s order by m.%5$s) as %7$s
  from (select m.%5$s, concat(%3$s%8$s) as %6$s from new_rows m%9$s) m),
present as (
  select x.*, row_number() over (partition by x.%6$s order by x.%5$s) as %7$s
  from (select x.*, concat(%4$s%8$s) as %6$s from (select row_number() over () as %5$s, x.* from rowhook_new x) x%10$s) x),
shown as (select a.%5$s from arrived a join present p on p.%6$s = a.%6$s and p.%7$s = a.%7$s),
$rows$, v_slot, v_leaves, v_texts[3], v_texts[4], v_texts[7], v_texts[8], v_texts[9],
    case when p_operation = 'UPDATE' then ', o.before' end,
    case when p_operation = 'UPDATE' then format(
      E'\n  join (select m.%1$s, %2$s as before from old_rows m) o on o.%1$s = m.%1$s', v_texts[7], v_texts[3]) end,
    case when p_operation = 'UPDATE' then format(
      E'\n  join (select x.%1$s, %2$s as before from (select row_number() over () as %1$s, x.* from rowhook_old x) x) o on o.%1$s = x.%1$s',
      v_texts[7], v_texts[4]) end);
  if p_operation = 'INSERT' then
    return array[
      concat(v_rows, format(E'rowhook_new as (\n  select %1$s from present m\n'
        '  where not exists (select from arrived a where a.%3$s = m.%3$s and a.%4$s = m.%4$s) order by m.%2$s)\n',
        v_texts[2], v_texts[7], v_texts[8], v_texts[9]), v_texts[6]),
      format('select rowhook.forget_moved(%L)', v_for_inserts)];
  end if;
  select string_agg(format(
           'rowhook_%1$s as (select %2$s from %1$s_rows m where not exists (select from shown s where s.%3$s = m.%3$s) order by m.%3$s)',
           t.side, v_texts[2], v_texts[7]), E',\n' order by t.side) into v_sides
  from unnest(case when v_deletes then '{new}' else '{new,old}' end::text[]) t(side);
  perform set_config('rowhook.merged', concat(replace(v_merged, v_mark, ''), v_mark), true);
  return array[
    concat(v_rows, v_sides, E'\n', case when v_deletes then v_texts[6] else v_texts[5] end),
    format('select rowhook.forget_moved(%L)', v_for_inserts),
    concat(v_rows, format(E'rest as (select m.* from moved m where not exists (select from shown s where s.%s = m.at) order by m.at)\n'
      'select rowhook.keep_moved(%L, m.kept::text) from rest m', v_texts[7], v_for_inserts)),
    format('select rowhook.forget_moved(%L)', v_slot)];
end
$$;
