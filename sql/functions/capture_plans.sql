-- rowhook.capture_plans(spec, changed): why a statement that the generated code would run cannot even be
-- planned on the table as it is; null when all of them can. Writes nothing.
--   p_changed  sinks whose entries were not yet planned like this (see rowhook.planned_entries); null: any
-- The inserts of a capture function run outside of any block, so a fault in the generator, for a type
-- or a name that nobody thought of, would fail every write to the table. rowhook.refresh_source asks
-- before it puts the code in place, and leaves the writes to rowhook.generic_statement if need be.
create or replace function rowhook.capture_plans(p_spec jsonb, p_changed int[]) returns text
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_spec    jsonb := p_spec || jsonb_build_object('entries', rowhook.planned_entries(p_spec -> 'entries', p_changed));
  v_rows    text := format(
    -- stands in for the transition tables, and needs no right to read the table
    'explain with rowhook_new as (select * from json_populate_record(null::%1$s, null)), '
    'rowhook_old as (select * from json_populate_record(null::%1$s, null)) ',
    (p_spec ->> 'relid')::oid::regclass);
  v_pair    text := format(
    '(select %1$s from rowhook_new x) n cross join (select %1$s from rowhook_old x) o', rowhook.print_list(p_spec));
  v_action  text;
  v_single  boolean;
  v_text    text;
begin
  for v_action, v_single in
    values ('insert', false), ('update', false), ('update', true), ('delete', false)
  loop
    v_text := rowhook.capture_statement(v_spec, rowhook.filtering_entries(v_spec, v_action), v_action, false, v_single);
    if v_text is not null then
      -- what stands in plpgsql variables there
      v_text := replace(replace(replace(v_text,
        'capture.raised', '''{}''::int[]'), 'capture.extra', 'null::rowhook.event_extra'), 'capture.list', '''''::text');
      execute v_rows || case when v_single then replace(v_text, '(select) one', v_pair) else v_text end;
    end if;
  end loop;
  return null;
exception when others then
  return format('%s of the statement for %s', sqlerrm, v_action);
end
$$;
