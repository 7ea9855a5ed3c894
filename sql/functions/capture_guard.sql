-- rowhook.capture_guard(spec, action): plpgsql text that tries an action's guarded filters over the
-- statement's rows before anything is written, so that the block which catches their errors burns no
-- subtransaction id. Leaves the ids of those that raise in `raised`, and sets `generic` when they do
-- not even plan. Null when no filter of the action is guarded.
-- Names rowhook.event although it does not read it: the insert is planned anew when that table's
-- partitions change, and it must not be planned anew with types that this probe has not seen.
create or replace function rowhook.capture_guard(p_spec jsonb, p_action text) returns text
language plpgsql stable
set search_path = ''
as $$
declare
  v_guarded  jsonb;
  v_from     text;
begin
  select coalesce(jsonb_agg(e.value order by e.at), '[]') into v_guarded
  from jsonb_array_elements(
    (p_spec -> 'entries') || case jsonb_typeof(p_spec -> 'retention')
      when 'object' then (p_spec -> 'retention') || jsonb_build_object('sink', 0, 'stale', false, 'actions', array[p_action])
      else '[]' end) with ordinality e(value, at)
  where e.value -> 'actions' ? p_action and (e.value -> 'guarded')::boolean and not (e.value -> 'stale')::boolean;
  if v_guarded = '[]' then
    return null;
  end if;
  v_from := E'\n        from ' || case
    when p_action = 'update' and not v_guarded @? '$[*] ? (@.uses_old == true)'
      then rowhook.print_rows(p_spec, 'insert', false)
    else rowhook.print_rows(p_spec, p_action, false)
  end;
  return concat_ws(E'\n',
    '    raised := ''{}'';',
    '    begin',
    '      perform ' || (
      select string_agg(format('count(%s)', rowhook.print_condition(
               g.value || '{"guarded": false}', p_spec -> 'names', p_action, '')), E',\n        ' order by g.at)
      from jsonb_array_elements(v_guarded) with ordinality g(value, at)) || v_from,
    '        where ''rowhook.event''::regclass is not null;',
    '    exception when others then',
    '      raised := null;',
    '    end;',
    '    if raised is null then',
    '      raised := ''{}'';',
    '      begin',
    '        perform ' || (
      select string_agg(rowhook.print_condition(
               g.value || '{"guarded": false}', p_spec -> 'names', p_action, ''), E',\n          ' order by g.at)
      from jsonb_array_elements(v_guarded) with ordinality g(value, at)) || v_from || ' limit 0;',
    '      exception when others then',
    '        generic := true;',
    '      end;', (
      select string_agg(concat_ws(E'\n',
               '      begin',
               '        perform count(' || rowhook.print_condition(
                 g.value || '{"guarded": false}', p_spec -> 'names', p_action, '') || ')' || v_from || ';',
               '      exception when others then',
               format('        raised := raised || %s;', g.value ->> 'sink'),
               '      end;'), E'\n' order by g.at)
      from jsonb_array_elements(v_guarded) with ordinality g(value, at)),
    '    end if;');
end
$$;
