-- rowhook.print_stored(columns, attnums, old): SQL text, to stand in a from clause behind
-- `rowhook.event e`, that exposes stored rows as filters and groups see rows: n, the event's row, and,
-- where p_old is true, o, its old version. That is the row with `changes` laid over it: of two members
-- of one name, json_to_record takes the last. Empty where no column is asked for.
--   p_columns  rowhook.stored_columns: the columns under the names of the stored documents
--   p_attnums  the columns to expose; others would only be able to raise
create or replace function rowhook.print_stored(p_columns jsonb, p_attnums int2[], p_old boolean)
returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_list     text;
  v_record   text;
  v_changes  text;
begin
  -- a filter on a json column must meet the very document
  select string_agg(concat_ws(' ', quote_ident(c.value ->> 'name'), c.value ->> 'stored_type',
           'collate ' || (select l.oid::regcollation from pg_catalog.pg_collation l where l.oid = (c.value ->> 'collation')::oid)),
           ', ' order by c.at),
         case when bool_or((c.value ->> 'base_oid')::bigint in (114, 199)) then 'e.record' else 'rowhook.readable(e.record)' end
  into v_list, v_record
  from jsonb_array_elements(p_columns) with ordinality c(value, at)
  where (c.value ->> 'attnum')::int2 = any (p_attnums);
  if v_list is null then
    return '';
  end if;
  v_changes := replace(v_record, 'e.record', 'e.changes');
  return concat_ws(E'\n  ',
    format('cross join lateral json_to_record(%s) n(%s)', v_record, v_list),
    case when p_old then format(
      $sql$cross join lateral json_to_record(case when e.changes::text <> '{}'
    then (left(%1$s::text, -1) || ',' || substr(%2$s::text, 2))::json else %1$s end) o(%3$s)$sql$,
      v_record, v_changes, v_list) end);
end
$$;
