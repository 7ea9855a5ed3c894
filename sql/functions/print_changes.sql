-- rowhook.print_changes(columns): SQL text of the lateral subquery `changes`, whose column `list` has what
-- stands between the braces of an update's `changes`: the old values of the columns that changed, spelled
-- as row_to_json would. Empty: nothing changed.
create or replace function rowhook.print_changes(p_columns jsonb) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(
    format('cross join lateral (select array_to_string(array[%s]::text[], '','') as list offset 0) changes',
      string_agg(format(E'\n    case when %s then %L || coalesce(to_json(%s)::text, ''null'') end',
        rowhook.print_changed(c.value),
        to_json(c.value ->> 'name')::text || ':',
        rowhook.print_column(c.value, 'o', 'row')), ',' order by c.at)),
    'cross join lateral (select ''''::text as list) changes')
  from jsonb_array_elements(p_columns) with ordinality c(value, at)
$$;
