-- rowhook.hidden_names(columns, excluded, shape, event, record): the members of one stored event's record that a sink
-- which excludes these columns (rowhook.exclusions) must not see.
-- Once an excluded column was dropped, nobody knows what it was called in an older record. Then all is
-- hidden but what is known to be of the other columns.
create or replace function rowhook.hidden_names(
  p_columns jsonb, p_excluded int2[], p_shape jsonb, p_event bigint, p_record json)
returns text[]
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when p_excluded <@ array(select (c ->> 'attnum')::int2 from jsonb_array_elements(p_columns) c)
      then array(select n.value from jsonb_each_text(n.names) n
                 where n.key::int2 = any (p_excluded) and n.value is not null)
    else array(select k.name from json_object_keys(rowhook.readable(p_record)) k(name)
               where not exists (select from jsonb_each_text(n.names) n
                                 where n.value = k.name and n.key::int2 <> all (p_excluded))) end
  from (select rowhook.names_at(p_columns, p_shape, p_event)) n(names)
$$;
