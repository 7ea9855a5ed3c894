-- rowhook.estimate_rows(backfill table): how many rows a backfill will send of a table, about: counted
-- where the table is small (40 MB), else from the planner's statistics. Null where it cannot be said:
-- its filter is not compiled yet, or the table may not be read. Reads only.
create or replace function rowhook.estimate_rows(p_table bigint) returns bigint
language plpgsql volatile
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, MDY'
set intervalstyle = 'postgres'
set lock_timeout = '1s'
as $$
declare
  v_table   rowhook.backfill_table;
  v_relid   regclass;
  v_parts   jsonb;
  v_order   jsonb;
  v_where   text[] := '{}';
  v_text    text;
  v_plan    json;
  v_count   bigint;
begin
  select * into strict v_table from rowhook.backfill_table t where t.id = p_table;
  if v_table.where_text is not null and v_table.where_parts is null then
    return null;
  end if;
  select s.relid, e.filter_parts into v_relid, v_parts
  from rowhook.backfill b
  join rowhook.sink_table e on e.sink_id = b.sink_id and e.source_id = v_table.source_id
  join rowhook.source s on s.id = e.source_id
  where b.id = v_table.backfill_id;

  v_order := rowhook.scan_order(v_relid, v_table.sort_column);
  foreach v_parts in array array[v_parts, v_table.where_parts] loop
    if v_parts is not null then
      v_where := v_where || ('(' || rowhook.print_parts(v_parts, v_relid, 'n', 'n', null) || ')');
    end if;
  end loop;
  if v_table.range_start is not null then
    v_where := v_where || format('n.%I %s %L::%s',
      v_order #>> '{0,name}', v_order #>> '{0,ge}', v_table.range_start, v_order #>> '{0,type}');
  end if;
  if v_table.range_end is not null then
    v_where := v_where || format('n.%I %s %L::%s',
      v_order #>> '{0,name}', v_order #>> '{0,le}', v_table.range_end, v_order #>> '{0,type}');
  end if;
  v_text := format('select from %s n%s', v_relid,
    case when v_where = '{}' then '' else ' where ' || array_to_string(v_where, ' and ') end);
  if (select sum(pg_relation_size(t.relid)) from rowhook.table_tree(v_relid) t) <= 40 * 1024 * 1024 then
    execute format('select count(*) from (%s) x', v_text) into v_count;
  else
    execute 'explain (format json) ' || v_text into v_plan;
    v_count := v_plan #>> '{0,Plan,Plan Rows}';
  end if;
  return v_count;
exception when others then
  -- a filter that raises, a right that lacks: reading the rows will tell
  return null;
end
$$;
