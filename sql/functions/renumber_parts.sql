-- rowhook.renumber_parts(parts, numbers, types): a compiled filter with other column numbers, and with
-- the numbers that its types have now. What is not found becomes number -1, or type 0.
--   p_numbers  {"<old attnum>": new attnum}
--   p_types    {"<new attnum>": pg_type.oid}
create or replace function rowhook.renumber_parts(p_parts jsonb, p_numbers jsonb, p_types jsonb) returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_agg(case
           when jsonb_typeof(p.value) = 'string' then p.value
           when p.value ? 'att' then p.value
             || jsonb_build_object('att', coalesce(p_numbers -> (p.value ->> 'att'), '-1'))
             || case when p.value ? 'of' then
                  jsonb_build_object('of', coalesce(p_types -> (p_numbers ->> (p.value ->> 'att')), '0'))
                else '{}' end
           else p.value || jsonb_build_object('type', coalesce(to_regtype(p.value ->> 'name')::oid::bigint, 0))
         end order by p.at)
  from jsonb_array_elements(p_parts) with ordinality p(value, at)
$$;
