-- rowhook.names_at(columns, shape, event): {"<attnum>": "name"} of the columns as an event was stored.
--   p_columns  source.columns
--   p_shape    event.shape: the names themselves where it is known; null where the event was captured
--              by compiled code, so that the names were those of a refresh
-- Shapes of before the table was made anew or restored ("born") have other column numbers: there,
-- columns are found by name. So is a column that was made since, under the name of one that was dropped.
create or replace function rowhook.names_at(p_columns jsonb, p_shape jsonb, p_event bigint) returns jsonb
language sql immutable
set search_path = ''
as $$
  select jsonb_object_agg(c ->> 'attnum', n.name)
  from jsonb_array_elements(p_columns) c
  cross join lateral (
    select case
      when p_shape is null then coalesce((
        select f ->> 'name' from jsonb_array_elements(c -> 'former') f
        where (f ->> 'until')::bigint >= p_event
        order by (f ->> 'until')::bigint limit 1), c ->> 'name')
      when (c ->> 'born')::bigint >= p_event then coalesce(
        case when p_shape ? (c ->> 'name') then c ->> 'name' end, (
        select f ->> 'name' from jsonb_array_elements(c -> 'former') f
        where p_shape ? (f ->> 'name')
        order by (f ->> 'until')::bigint desc limit 1))
      else coalesce(
        (select s.key from jsonb_each(p_shape) s where s.value = c -> 'attnum'),
        case when not p_columns @> jsonb_build_array(jsonb_build_object('attnum', p_shape -> (c ->> 'name')))
          then c ->> 'name' end)
    end as name) n
$$;
