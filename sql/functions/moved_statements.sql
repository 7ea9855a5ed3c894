-- rowhook.moved_statements(source, table, operation, context): SQL texts that capture what a merge has moved to other
-- partitions (rowhook.moves_code), for the trigger after its updates, or after its inserts, to run: they read that
-- trigger's transition tables. Null where there is nothing to do.
--   p_relid    the table that the statement names
--   p_context  pg_context in the trigger function
-- Verdicts are left to the reader.
-- Where a partition does not show what it receives, what came next would be taken for it: nothing is a move then.
--
-- After a merge, triggers fire for its deletes, then its updates, then its inserts, each only where it has such actions.
-- Rows that it moves are among its deleted and among its inserted ones; those of a plain update, in a statement that may
-- be a merge (rowhook.merges_code), are among the updated ones. So what the transition table shows tells which it was, row
-- by row; of equal rows, as a table without a key may have, each counts.
--   After updates: moved rows that are not among the updated ones are captured, too. Where the statement also deletes,
--   they have been captured as deleted already, and are captured as inserted: there, what looks like a move may be
--   the delete of one row and the insert of another.
--   After inserts: what was captured after the updates is left out. The setting rowhook.merged says so, from one to the other.
--   Where an insert stands in a `with` of the merge, its trigger fires first: what will be captured is left out.
create or replace function rowhook.moved_statements(p_source int, p_relid oid, p_operation text, p_context text)
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
  v_spec     jsonb;
  v_leaves   text;
  v_rows     text;
  v_new      text;
  v_old      text;
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
  v_spec := rowhook.capture_spec(p_source);
  select string_agg(format(E',\n%s_rows as (%s)', s.side, s.rows), '') into v_leaves
  from (
    select l.side, string_agg(format(
             'select m."(at)", %1$s from (select m.at as "(at)", m.%2$s_row::%3$s as leaf from moved m where m.%2$s_leaf = %4$s offset 0) m',
             rowhook.print_fields(v_spec, '(m.leaf)', true), l.side, l.leaf::regclass, l.leaf), E'\nunion all ') as rows
    from (select 'old' as side, m.old_leaf as leaf from rowhook.moved(v_slot) m
          union select 'new', m.new_leaf from rowhook.moved(v_slot) m) l
    group by l.side) s;
  v_rows := format($rows$with moved as materialized (select * from rowhook.moved(%L))%s,
arrived as (
  select m."(at)", %s as "(row)", row_number() over (partition by %3$s order by m."(at)") as "(n)" from new_rows m),
present as (
  select x.*, %s as "(row)", row_number() over (partition by %4$s order by x."(at)") as "(n)"
  from (select row_number() over () as "(at)", x.* from rowhook_new x) x),
shown as (select a."(at)" from arrived a join present p on p."(row)" = a."(row)" and p."(n)" = a."(n)"),
$rows$, v_slot, v_leaves,
    format('row(%s)::text', rowhook.print_fields(v_spec, 'm', false)),
    format('row(%s)::text', rowhook.print_fields(v_spec, 'x', false)));
  if p_operation = 'INSERT' then
    return array[
      concat(v_rows, format(E'rowhook_new as (\n  select %s from present m\n'
        '  where not exists (select from arrived a where a."(row)" = m."(row)" and a."(n)" = m."(n)") order by m."(at)")\n',
        rowhook.print_fields(v_spec, 'm', true)), rowhook.generic_text(v_spec, 'insert')),
      format('select rowhook.forget_moved(%L)', v_for_inserts)];
  end if;
  v_new := format(
    'rowhook_new as (select %s from new_rows m where not exists (select from shown s where s."(at)" = m."(at)") order by m."(at)")',
    rowhook.print_fields(v_spec, 'm', true));
  v_old := replace(replace(v_new, 'rowhook_new as', 'rowhook_old as'), 'from new_rows m', 'from old_rows m');
  perform set_config('rowhook.merged', concat(v_merged, v_mark), true);
  return array[
    concat(v_rows, v_new, case when not v_deletes then E',\n' || v_old end, E'\n',
      rowhook.generic_text(v_spec, case when v_deletes then 'insert' else 'update' end)),
    format('select rowhook.forget_moved(%L)', v_for_inserts),
    concat(v_rows, format(E'rest as (select m.* from moved m where not exists (select from shown s where s."(at)" = m.at))\n'
      'select rowhook.keep_moved(%L, string_agg(m.kept::text, '','' order by m.at)) from rest m having count(*) > 0', v_for_inserts)),
    format('select rowhook.forget_moved(%L)', v_slot)];
end
$$;
