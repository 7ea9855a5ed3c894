-- rowhook.read_chunk(backfill table, cursor, rows, bytes, ms, guarded): the next rows of a backfill, in order: as
-- many as p_rows, p_bytes of printed records (one row at least) and p_ms allow, whichever ends first.
-- Then one last row that carries only the chunk's own data: `chunk`, {"cursor", "done", "scanned", "at",
-- "snapshot", "hidden", "wait"?}:
--   cursor    where to read on; done: nothing is left of the table
--   scanned   rows looked at; those that no filter wanted are not returned
--   snapshot  what the rows show: everything that is visible in it, and nothing else
--   hidden    members of the records that the sink excludes; null: none
--   wait      why nothing can be read now; the table is to be asked for again
-- Of each row before it: pks, grp, record, as in rowhook.event; cursor (null: as pks); error: its filter
-- raised. Raises when the table or the sort column is gone, or may not be read; and, unless p_guarded,
-- when a filter or a virtual column raises on one of the rows: call it again with p_guarded then, which costs
-- subtransactions for each row and keeps the error to its row.
--
-- Must run in read committed. First the table is locked (against rewrites and drops only), then the
-- rows' statement takes its snapshot: truncate and rewriting forms of alter table are not MVCC-safe,
-- and with a snapshot from before the lock such a table would look empty and so as if all were read.
--
-- The settings are those of capture, so that a record is the same text here and there. Row security is
-- off, which makes Postgres refuse a table whose policies would hide rows from us instead of hiding
-- them. Plans that sort the whole table for each chunk are avoided where an index has the order. work_mem
-- keeps the result out of temporary files.
create or replace function rowhook.read_chunk(
  p_table bigint, p_cursor text[], p_rows int, p_bytes bigint, p_ms double precision, p_guarded boolean)
returns table (pks text[], grp text, record text, error text, cursor text[], chunk json)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, MDY'
set intervalstyle = 'postgres'
set bytea_output = 'hex'
set extra_float_digits = 1
set quote_all_identifiers = off
set transform_null_equals = off
set array_nulls = on
set standard_conforming_strings = on
set row_security = off
set lock_timeout = '2s'
set jit = off
set enable_sort = off
set max_parallel_workers_per_gather = 0
set work_mem = '32MB'
as $$
#variable_conflict use_column
declare
  v_table      rowhook.backfill_table;
  v_source     rowhook.source;
  v_entry      rowhook.sink_table;
  v_plan       jsonb;
  v_columns    jsonb;
  v_order      jsonb;
  v_blocks     record;
  v_rows       text;
  v_cursor     text := 'null::text[]';
  v_guarded    boolean;
  v_verdict    text;
  v_began      timestamptz;
  v_until      timestamptz;
  v_scanned    bigint := 0;
  v_size       bigint := 0;
  v_last       text[];
  v_snapshot   text;
  v_wanted     boolean;
  v_asked      json;
  v_fault      text;
  v_cut        boolean := false;
  v_done       boolean := false;
begin
  select * into strict v_table from rowhook.backfill_table t where t.id = p_table;
  select * into strict v_source from rowhook.source s where s.id = v_table.source_id;
  select e.* into v_entry
  from rowhook.backfill b
  join rowhook.sink_table e on e.sink_id = b.sink_id and e.source_id = v_source.id
  where b.id = v_table.backfill_id;
  if v_entry.id is null then
    raise exception using errcode = 'undefined_table',
      message = format('%I.%I is no longer a table of the sink', v_source.schema_name, v_source.table_name);
  elsif not exists (select from pg_class c where c.oid = v_source.relid) then
    raise exception using errcode = 'undefined_table',
      message = format('table %I.%I was dropped', v_source.schema_name, v_source.table_name);
  elsif v_entry.stale_reason is not null then
    chunk := json_build_object('cursor', p_cursor, 'done', false, 'scanned', 0, 'wait', v_entry.stale_reason);
    return next;
    return;
  end if;
  execute format('select from %s limit 0', v_source.relid);

  v_plan := rowhook.scan_plan(v_table, v_source.relid);
  v_columns := v_plan -> 'columns';
  v_order := v_plan -> 'order';
  if v_table.sort_column is not null and v_order #>> '{0,name}' is distinct from v_table.sort_column then
    raise exception using errcode = 'undefined_column',
      message = format('%s has no column %I to sort by', v_source.relid, v_table.sort_column);
  end if;
  if v_order = '[]' then
    v_blocks := rowhook.block_rows(v_source.relid, p_cursor, p_rows);
    v_rows := v_blocks.rows;
    v_cursor := format('%L::text[] || n.ctid::text', v_blocks.cursor_head);
  else
    v_rows := rowhook.keyset_rows(
      v_source.relid, v_order, p_cursor, v_table.range_start, v_table.range_end, p_rows);
    if v_table.sort_column is not null or v_order @? '$[*] ? (@.name == "ctid")' then
      v_cursor := format('array[%s]', (
        select string_agg(o.value ->> 'text', ', ' order by o.at)
        from jsonb_array_elements(v_order) with ordinality o(value, at)));
    end if;
  end if;

  v_guarded := p_guarded and (v_entry.filter_parts is not null or v_table.where_parts is not null);
  if v_guarded then
    v_verdict := rowhook.chunk_verdict(v_source, array[v_entry.filter_parts, v_table.where_parts]);
  end if;
  v_began := clock_timestamp();
  v_until := v_began + p_ms * interval '1 millisecond';
  if v_rows is not null then
    -- straight into the result's columns: each statement in here costs as much as printing a row
    for pks, grp, cursor, v_wanted, record, v_asked, v_snapshot, v_fault in
      execute rowhook.chunk_statement(v_source, v_entry, v_table.where_parts, v_rows, v_cursor, p_guarded, v_columns)
    loop
      v_scanned := v_scanned + 1;
      if v_guarded then
        error := v_fault;
        begin
          v_wanted := true;
          if error is null then
            execute v_verdict into v_wanted using v_asked;
          end if;
        exception when others then
          error := sqlerrm;
          v_wanted := true;
        end;
      end if;
      if v_wanted then
        return next;
        v_size := v_size + length(record) + 200;
      end if;
      if v_size > p_bytes or clock_timestamp() > v_until then
        v_cut := true;
        exit;
      end if;
    end loop;
    v_last := coalesce(cursor, pks);
  end if;

  if v_order = '[]' then
    v_done := not v_cut and v_blocks.cursor_next is null;
    v_last := case when v_cut then v_last else v_blocks.cursor_next end;
  elsif not v_cut and v_scanned < p_rows then
    if (v_order #>> '{0,nullable}')::boolean and (p_cursor is null or p_cursor[1] is not null)
       and v_table.range_start is null and v_table.range_end is null then
      v_last := array_fill(null::text, array[jsonb_array_length(v_order)]);
    else
      v_done := true;
      v_last := coalesce(v_last, p_cursor);
    end if;
  end if;
  pks := null;
  grp := null;
  record := null;
  error := null;
  cursor := null;
  chunk := json_build_object('cursor', v_last, 'done', v_done, 'scanned', v_scanned, 'at',
    to_char(v_began, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'snapshot', v_snapshot, 'hidden', (
      select array_agg(n.value) from jsonb_each_text(rowhook.column_names(v_source.relid)) n
      where n.key::int2 = any (v_entry.exclude_columns)));
  return next;
end
$$;
