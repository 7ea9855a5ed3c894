-- rowhook.chunk_verdict(source, parts): SQL text that judges one row of a chunk by compiled filters
-- (rowhook.chunk_statement's `asked` is its parameter $1): true or false. It raises what they raise.
create or replace function rowhook.chunk_verdict(p_source rowhook.source, p_filters jsonb[]) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_columns  jsonb := rowhook.table_columns(p_source.relid);
  v_names    jsonb := rowhook.column_names(p_source.relid);
  v_wanted   text;
  v_attnums  int2[];
begin
  select string_agg('(' || rowhook.print_filter(f, v_names, 'n', 'n', null) || ')', ' and '),
         array_agg(distinct a.attnum) filter (where a.attnum is not null)
  into v_wanted, v_attnums
  from unnest(p_filters) f
  left join lateral (select (p ->> 'att')::int2 as attnum from jsonb_array_elements(f) p where p ? 'att') a on true
  where f is not null;
  return format('select (%s) is true from (select $1 as record) e %s', v_wanted,
    rowhook.print_stored(rowhook.stored_columns(v_columns, v_names), v_attnums, false));
end
$$;
