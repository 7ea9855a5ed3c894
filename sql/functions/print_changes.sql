-- rowhook.print_changes(columns): SQL text of an update's `changes`: a JSON object of the old values
-- of the columns that changed, spelled as row_to_json would.
create or replace function rowhook.print_changes(p_columns jsonb) returns text
language sql stable
set search_path = ''
as $$
  select format('(''{'' || array_to_string(array[%s]::text[], '','') || ''}'')::json',
    string_agg(format(E'\n    case when %s then %L || coalesce(to_json(%s)::text, ''null'') end',
      rowhook.print_changed(c.value),
      to_json(c.value ->> 'name')::text || ':',
      rowhook.print_column(c.value, 'o', 'row')), ',' order by c.at))
  from jsonb_array_elements(p_columns) with ordinality c(value, at)
$$;
