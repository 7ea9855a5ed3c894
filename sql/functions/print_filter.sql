-- rowhook.print_filter(parts, names, row, new, old): a compiled filter as SQL text.
--   p_parts  [text | {"side":"row"|"new"|"old","att":n} | {"type":oid,"name":"schema.type"}]
--   p_names  {"<attnum>": "column name"}: what the columns are called where the text is to run
--   p_row, p_new, p_old  alias of each side; null where that side does not exist: a row of nulls
-- Raises undefined_column (42703) or undefined_object (42704) for what is gone.
-- A missing side prints as `case when false then …`, which the planner folds into a null of the
-- right type; writing the type's name instead would break when the type is renamed.
create or replace function rowhook.print_filter(
  p_parts jsonb, p_names jsonb, p_row text, p_new text, p_old text)
returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_text   text := '';
  v_part   jsonb;
  v_name   text;
  v_alias  text;
begin
  for v_part in select e.value from jsonb_array_elements(p_parts) with ordinality e(value, at) order by e.at loop
    if jsonb_typeof(v_part) = 'string' then
      v_text := v_text || (v_part #>> '{}');
    elsif v_part ? 'att' then
      v_name := p_names ->> (v_part ->> 'att');
      if v_name is null then
        raise exception using
          errcode = 'undefined_column',
          message = format('column %s of the table is gone', v_part ->> 'att');
      end if;
      v_alias := case v_part ->> 'side' when 'new' then p_new when 'old' then p_old else p_row end;
      v_text := v_text || case
        when v_alias is not null then format('%s.%I', v_alias, v_name)
        else format('(case when false then %s.%I end)', p_row, v_name)
      end;
    else
      select format_type(t.oid, null) into v_name
      from pg_catalog.pg_type t where t.oid = (v_part ->> 'type')::oid;
      if v_name is null then
        raise exception using
          errcode = 'undefined_object',
          message = format('type %s does not exist any more', v_part ->> 'name');
      end if;
      v_text := v_text || v_name;
    end if;
  end loop;
  return v_text;
end
$$;
