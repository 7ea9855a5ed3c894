-- rowhook.wanted_triggers(source, actions): the triggers that a table and the members of its tree must
-- have, with `missing` where it is not there, or of another level than it must be
-- (rowhook.row_actions); `by` is the first part of its function's name, `definition` the `create trigger` that makes or replaces it.
--   p_actions  actions wanted besides those of the source's sinks (a sink that is about to be saved)
-- Names begin with 00, so that among statement triggers ours come first: triggers fire by name, and
-- what another one changes must be captured after what set it off. An inheritance child may have
-- several captured parents, so its triggers carry the source's id as well.
-- A tree with foreign members is captured row by row instead (rowhook.rows_code), and where a partitioned table has had
-- triggers with transition tables, which would make statements fail, there come others that do nothing. They take the
-- place of those, because to drop a trigger one must own the table.
-- Of partitioned tables whose updates are wanted, there are others for rows that a merge moves (rowhook.merges_code, rowhook.moves_code).
-- Truncate is captured where the source itself is truncated: of a single partition, there is nothing
-- that a message about the whole table could say.
create or replace function rowhook.wanted_triggers(p_source int, p_actions text[] default '{}')
returns table (relid regclass, name text, missing boolean, by text, definition text)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select m.relid, w.name, g.oid is null or (g.tgtype & 1 = 1) <> (w.level = 'row'), w.by,
         format('create or replace trigger %I %s %s on %s %s for each %s %s execute function rowhook.%s_%s()',
           w.name, w.timing, w.action, m.relid,
           case case when w.by = 'capture' then w.action end
             when 'insert' then 'referencing new table as rowhook_new'
             when 'update' then 'referencing new table as rowhook_new old table as rowhook_old'
             when 'delete' then 'referencing old table as rowhook_old'
             else '' end,
           w.level, w.condition, w.by, p_source)
  from rowhook.source s
  cross join lateral (select rowhook.foreign_members(s.relid) <> '{}' offset 0) f(reached)
  cross join lateral (
    select array(
      select unnest(t.actions) from rowhook.sink_table t where t.source_id = s.id
      union select unnest(p_actions)
      union select unnest('{insert,update,delete}'::text[]) where s.retention is not null) offset 0) wanted(actions)
  cross join lateral rowhook.table_tree(s.relid) m
  cross join lateral (select c.relkind = 'r' from pg_catalog.pg_class c where c.oid = m.relid) c(is_leaf)
  cross join lateral rowhook.row_actions(m.relid) r(actions)
  cross join lateral (
    select a.action, 'after' as timing, '' as condition,
           case when a.action = 'truncate' or not f.reached then 'capture' else 'rows' end as by,
           case when a.action = any (r.actions) or f.reached and a.action <> 'truncate' and c.is_leaf
             then 'row' else 'statement' end as level,
           concat_ws('_', '00_rowhook', a.action, case when m.kind = 'child' then s.id end) as name
    from unnest(wanted.actions) a(action)
    where a.action <> 'truncate' or m.kind = 'table'
    union all
    select a.action, k.timing, k.condition, k.by, k.level, '00_rowhook_merge_' || a.action
    from (values
      (true, 'after', 'row', 'moves', '{insert,delete}'::text[],
       'when (pg_catalog.current_setting(''rowhook.moves'', true) operator(pg_catalog.<>) '''')'),
      (false, 'before', 'statement', 'merges', '{insert,update,delete}', '')) k(is_leaf, timing, level, by, actions, condition)
    cross join lateral unnest(k.actions) a(action)
    where k.is_leaf = c.is_leaf and 'update' = any (wanted.actions) and not f.reached and rowhook.may_move_rows(s.relid)) w
  left join pg_catalog.pg_trigger g
    on g.tgrelid = m.relid and g.tgname = w.name
    and g.tgfoid = to_regprocedure(format('rowhook.%s_%s()', w.by, s.id))
  where s.id = p_source
$$;
