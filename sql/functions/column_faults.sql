-- rowhook.column_faults(row, names, expressions): {"column": "the error"} of those virtual columns whose expressions raise
-- on a row; null where none does. See rowhook.try_column.
create or replace function rowhook.column_faults(p_row anyelement, p_names text[], p_expressions text[]) returns jsonb
language plpgsql stable
as $$
declare
  v_faults  jsonb;
begin
  for i in 1..pg_catalog.cardinality(p_names) loop
    begin
      execute pg_catalog.format('select pg_catalog.count((%s)) from (select ($1).*) x', p_expressions[i]) using p_row;
    exception when others then
      v_faults := coalesce(v_faults, '{}') || pg_catalog.jsonb_build_object(p_names[i], sqlerrm);
    end;
  end loop;
  return v_faults;
end
$$;
