-- rowhook.print_condition(entry, action): SQL text of a filter over the rows of
-- rowhook.print_rows, or 'true' where there is none. Of a guarded one it is a column of the lateral
-- subquery that rowhook.print_guarded makes.
-- Pins no search_path, so that it is inlined where it is called, a thousand times over.
create or replace function rowhook.print_condition(p_entry jsonb, p_action text) returns text
language sql stable
as $$
  select case
    when jsonb_typeof(p_entry -> 'condition') is distinct from 'object' then 'true'
    when (p_entry ->> 'guarded')::boolean then format('guarded.f%s', p_entry ->> 'sink')
    else p_entry #>> array['condition', p_action]
  end
$$;
