-- rowhook.type_traits(type): what generated code must know to print values of a type exactly and
-- safely, looking through domains, arrays, ranges and composites.
--   base_type   the type below all domains
--   settings    session settings that its JSON or text form depends on; {*} for all that we pin
--   foreign     "no": row_to_json prints it as it is
--               "value", "array": a type (or its array) that a role made which we do not trust: its
--               owner may attach a cast to json, and row_to_json would run that with our rights.
--               Such values are printed by their type's own output function instead
--               "nested": such a type inside of a composite, where that is not possible
-- Trusted are superusers and the role that owns rowhook's functions.
create or replace function rowhook.type_traits(
  p_type oid, out base_type oid, out settings text[], out "foreign" text)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_type   pg_catalog.pg_type;
  v_inner  record;
begin
  base_type := rowhook.base_type(p_type);
  select * into v_type from pg_catalog.pg_type t where t.oid = base_type;
  "foreign" := 'no';
  settings := '{}';

  if v_type.typcategory = 'A' and v_type.typelem <> 0 then
    select * into v_inner from rowhook.type_traits(v_type.typelem);
    settings := v_inner.settings;
    "foreign" := case v_inner."foreign" when 'no' then 'no' when 'value' then 'array' else 'nested' end;
  elsif v_type.typtype = 'c' then
    -- A composite may get more attributes without any sign of it on the table.
    settings := '{*}';
    if exists (
      select from pg_catalog.pg_attribute a
      cross join lateral rowhook.type_traits(a.atttypid) t
      where a.attrelid = v_type.typrelid and a.attnum > 0 and not a.attisdropped and t."foreign" <> 'no')
    then
      "foreign" := 'nested';
    end if;
  elsif base_type >= 16384 then
    if v_type.typtype <> 'e' then
      settings := '{*}';
    end if;
    if not exists (
      select from pg_catalog.pg_roles r
      where r.oid = v_type.typowner and (r.rolsuper or r.rolname = current_user))
    then
      "foreign" := 'value';
    end if;
  else
    settings := case
      when base_type in (1184) then '{timezone}'::text[]
      when base_type in (3910, 4534) then '{timezone,datestyle}'
      when base_type in (3908, 3912, 4533, 4535) then '{datestyle}'
      when base_type in (1186) then '{intervalstyle}'
      when base_type in (17) then '{bytea_output}'
      when base_type in (700, 701, 600, 601, 602, 603, 604, 628, 718) then '{extra_float_digits}'
      when base_type in (790) then '{lc_monetary}'
      when v_type.typname like 'reg%' then '{quote_all_identifiers}'
      when base_type in (2249, 2277) then '{*}'
      else '{}'
    end;
  end if;
end
$$;
