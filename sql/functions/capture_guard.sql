-- rowhook.capture_guard(spec, entries, action): plpgsql text that tries an action's guarded filters over the
-- statement's rows before anything is written, so that the block which catches their errors burns no
-- subtransaction id. `entries` are those that judge it (rowhook.filtering_entries). Leaves the ids of those that raise in `raised`, and sets `generic` when they do
-- not even plan. Null when no filter of the action is guarded.
-- Names rowhook.event although it does not read it: the insert is planned anew when that table's
-- partitions change, and it must not be planned anew with types that this probe has not seen.
create or replace function rowhook.capture_guard(p_spec jsonb, p_entries jsonb, p_action text) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_guarded  jsonb;
  v_rows     text;
begin
  select coalesce(jsonb_agg(e.value order by (e.value ->> 'sink')::int), '[]') into v_guarded
  from jsonb_array_elements(p_entries) e
  where (e.value ->> 'guarded')::boolean;
  if v_guarded = '[]' then
    return null;
  end if;
  v_rows := rowhook.print_rows(p_spec,
    case when p_action = 'update' and not v_guarded @? '$[*] ? (@.uses_old == true)' then 'insert' else p_action end);
  return concat_ws(E'\n',
    '    raised := ''{}'';',
    '    begin',
    format('      perform %s', rowhook.print_probe(v_guarded, p_action, v_rows, 'count')),
    '        where ''rowhook.event''::regclass is not null;',
    '    exception when others then',
    '      raised := null;',
    '    end;',
    '    if raised is null then',
    '      raised := ''{}'';',
    '      begin',
    format('        perform %s limit 0;', rowhook.print_probe(v_guarded, p_action, v_rows, '')),
    '      exception when others then',
    '        generic := true;',
    '      end;', (
      select string_agg(concat_ws(E'\n',
               '      begin',
               format('        perform %s;', rowhook.print_probe(
                 jsonb_build_array(g.value), p_action, v_rows, 'count')),
               '      exception when others then',
               format('        raised := raised || %s;', g.value ->> 'sink'),
               '      end;'), E'\n' order by g.at)
      from jsonb_array_elements(v_guarded) with ordinality g(value, at)),
    '    end if;');
end
$$;
