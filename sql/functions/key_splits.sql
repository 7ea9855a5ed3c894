-- rowhook.key_splits(text, count): the keys of so many columns whose values, joined by ':', are the text.
-- More than one where values have colons in them: 'a:b:c' is the key (a, b:c) as well as (a:b, c).
create or replace function rowhook.key_splits(p_text text, p_count int) returns setof text[]
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  with recursive split(done, rest) as (
    select '{}'::text[], p_text
    union all
    select s.done || array_to_string(p.parts[:n], ':'), array_to_string(p.parts[n + 1:], ':')
    from split s
    cross join lateral (select string_to_array(s.rest, ':') as parts) p
    cross join lateral generate_series(1, cardinality(p.parts) - (p_count - cardinality(s.done) - 1)) n
    where cardinality(s.done) < p_count - 1
  )
  select s.done || s.rest from split s where cardinality(s.done) = p_count - 1 and p_count > 0
  union all
  select '{}'::text[] where p_count = 0 and p_text = ''
$$;
