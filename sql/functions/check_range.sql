-- rowhook.check_range(table, sort column, start, end, path): checks what a backfill is to be ordered and
-- bounded by. Returns the name of the sort column: for bounds without one, that of the key, where the
-- key is a single column. Raises 22023 with the argument's path in the error's column field.
-- Bounds the wrong way round are refused, too: the backfill would be over at once, without a row.
-- A bound is read back as the column's type here, so that a typo raises now and not in an hour.
-- Volatile, because `explain` is not allowed in other functions; it writes nothing.
create or replace function rowhook.check_range(
  p_relid regclass, p_sort_column text, p_start text, p_end text, p_path text)
returns text
language plpgsql volatile
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set datestyle = 'ISO, MDY'
set intervalstyle = 'postgres'
as $$
declare
  v_name    text := p_sort_column;
  v_key     int2[] := rowhook.table_key(p_relid);
  v_column  record;
  v_order   jsonb;
  v_bound   text;
  v_empty   boolean;
begin
  if v_name is null then
    if p_start is null and p_end is null then
      return null;
    elsif cardinality(v_key) <> 1 then
      raise exception using errcode = 'invalid_parameter_value', column = p_path || '.sort_column',
        message = format('start and end need a sort_column: %s has no key of a single column', p_relid),
        hint = 'name the column that they bound in sort_column';
    end if;
    v_name := rowhook.column_names(p_relid) ->> v_key[1]::text;
  end if;

  select c.* into v_column from rowhook.live_columns(p_relid) c where c.name = v_name;
  if v_column.name is null then
    begin
      select c.* into v_column from rowhook.live_columns(p_relid) c where array[c.name] = parse_ident(v_name);
    exception when invalid_parameter_value then
      null;
    end;
  end if;
  if v_column.name is null then
    raise exception using errcode = 'invalid_parameter_value', column = p_path || '.sort_column',
      message = format('%s has no column %s', p_relid, v_name),
      hint = 'name a column of the table';
  end if;
  v_name := v_column.name;
  begin
    execute format('explain select from (select null::%s as c) x order by x.c', format_type(v_column.type_oid, null));
  exception when undefined_function then
    null;
    v_order := '[]';
  end;
  v_order := coalesce(v_order, rowhook.scan_order(p_relid, v_name));
  if v_order #>> '{0,name}' is distinct from v_name then
    raise exception using errcode = 'invalid_parameter_value', column = p_path || '.sort_column',
      message = format('values of column %s (type %s) cannot be put in order', v_name, format_type(v_column.type_oid, null)),
      hint = 'name a column of another type, or none to read by the key';
  end if;

  perform rowhook.check_bound(p_start, v_order #>> '{0,type}', p_path || '.start');
  perform rowhook.check_bound(p_end, v_order #>> '{0,type}', p_path || '.end');
  if p_start is not null and p_end is not null then
    v_bound := '(%s::%s' || coalesce((
      select format(' collate %I.%I', n.nspname, l.collname)
      from pg_attribute a
      join pg_collation l on l.oid = a.attcollation
      join pg_namespace n on n.oid = l.collnamespace
      where a.attrelid = p_relid and a.attname = v_name and l.collname <> 'default'), '') || ')';
    execute format('select not %s %s %s',
      format(v_bound, quote_literal(p_start), v_order #>> '{0,type}'), v_order #>> '{0,le}',
      format(v_bound, quote_literal(p_end), v_order #>> '{0,type}'))
    into v_empty;
    if v_empty then
      raise exception using errcode = 'invalid_parameter_value', column = p_path || '.end',
        message = 'end comes before start: no row lies between them',
        hint = 'swap start and end';
    end if;
  end if;
  return v_name;
end
$$;
