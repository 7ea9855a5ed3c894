-- rowhook.capture_code(spec): the text of `create or replace function rowhook.capture_<source>()`, the
-- trigger function of a table and of all its partitions and inheritance children.
--
-- What protects the user's statement, in the order in which it runs:
-- 1. Whatever is unusual is found by one condition: each costs a statement 0.2 µs, and 0.7 where it is the first
--    of its transaction.
-- 2. A statement that names a member of the tree which has left it is none of ours: rowhook.source says
--    so, because after a dump and restore the number in this text is that of no table. Of a trigger for
--    each row (rowhook.row_actions), only the call for the first row of the statement does anything:
--    the one that the transition tables begin with.
-- 3. rowhook.is_current: was the table altered since this code was made? Then nothing here may be
--    planned any more, and rowhook.generic_statement makes a statement for the table as it is now,
--    which leaves all verdicts to the reader.
-- 4. Of a partitioned table, rows that a merge has moved are captured first (rowhook.moved_statements).
-- 5. Virtual columns that may raise are tried first (rowhook.capture_computed), and so are filters
--    (rowhook.capture_guard).
-- 6. The insert runs outside of any block: catching its errors would burn a subtransaction id for
--    every statement of every user. There is one for an update of a single row besides, which most are.
-- The text names no type and no function outside of pg_catalog and rowhook.
create or replace function rowhook.capture_code(p_spec jsonb) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_branches  text := '';
  v_entries   jsonb;
  v_computed  text;
  v_guard     text;
  v_statement text;
  v_single    text;
  v_guards    boolean := false;
  v_action    text;
  v_truncate  int[];
  v_generic   text;
  v_attempts  text := '';
  v_moves     boolean := (p_spec ->> 'moves')::boolean;
  v_body      text;
begin
  foreach v_action in array '{insert,update,delete}'::text[] loop
    v_entries := rowhook.filtering_entries(p_spec, v_action);
    v_guard := rowhook.capture_guard(p_spec, v_entries, v_action);
    v_statement := rowhook.capture_statement(p_spec, v_entries, v_action, false, false);
    v_computed := case when v_statement is not null then rowhook.capture_computed(p_spec, v_action) end;
    if v_computed is not null then
      v_attempts := v_attempts || format(E'\nwhen %L then %L', upper(v_action), rowhook.generic_text(p_spec, v_action));
    end if;
    v_guards := v_guards or v_guard is not null or v_computed is not null;
    v_single := case when v_action = 'update' and v_statement is not null then rowhook.capture_single(p_spec, v_entries) end;
    v_branches := v_branches || concat_ws(E'\n',
      format('  %s tg_op = %L then', case v_action when 'insert' then 'if' else 'elsif' end, upper(v_action)),
      v_computed,
      case when v_computed is not null and v_guard is not null then '    if generic is null then' end,
      v_guard,
      case when v_computed is not null and v_guard is not null then '    end if;' end,
      case when v_computed is not null or v_guard is not null then '    if generic is null then' end,
      rowhook.capture_undecided(p_spec, v_entries, v_action),
      case when v_single is not null then concat_ws(E'\n',
        '    perform from rowhook_new offset 1 limit 1;',
        '    if not found then',
        v_single,
        '    else') end,
      coalesce(v_statement || ';', '    return null;'),
      case when v_single is not null then '    end if;' end,
      case when v_computed is not null or v_guard is not null then '    end if;' end,
      '');
  end loop;
  v_truncate := array(
    select (e ->> 'sink')::int from jsonb_array_elements(p_spec -> 'entries') with ordinality t(e, at)
    where e -> 'actions' ? 'truncate' order by t.at);
  if v_truncate <> '{}' or jsonb_typeof(p_spec -> 'retention') = 'object' then
    v_branches := v_branches || format(E'  elsif tg_op = ''TRUNCATE'' then\n'
      'insert into rowhook.event (source_id, action, sinks, pks, extra)\n'
      'values (%s, ''t'', %L, ''{}'', capture.extra);\n',
      p_spec ->> 'source', v_truncate);
  end if;
  v_generic := format($generic$
    before := rowhook.pin_settings();
    begin
      execute rowhook.generic_statement(%1$s, tg_op);
    exception when others then
      execute rowhook.bare_statement(%1$s, tg_op);
    end;
    perform rowhook.restore_settings(before);
    if pg_sequence_last_value('rowhook.sleep_seq'::regclass) = 2 then
      perform rowhook.wake();
    end if;
    return null;$generic$, p_spec ->> 'source');

  v_body := format($body$
#variable_conflict use_column
<<capture>>
declare
  generic boolean;
  raised int[];
  before jsonb;
  extra rowhook.event_extra;
  n record;
  o record;
  list text;%7$s
begin
  if tg_relid <> %1$s or tg_level = 'ROW' or current_setting('rowhook.annotations', true) <> ''%8$s
     or not rowhook.is_current('%1$s'::regclass, %2$L) then
    if tg_relid <> %1$s and not rowhook.is_of_source(tg_relid, %6$s) then
      return null;
    elsif tg_op = 'DELETE' then
      if tg_level = 'ROW' and old::text is distinct from (select (x.*)::text from rowhook_old x limit 1) then
        return null;
      end if;
    elsif tg_level = 'ROW' then
      if new::text is distinct from (select (x.*)::text from rowhook_new x limit 1) then
        return null;
      end if;
    end if;%9$s
    if tg_op <> 'TRUNCATE' and not rowhook.is_current('%1$s'::regclass, %2$L) then%5$s
    end if;
    if current_setting('rowhook.annotations', true) <> '' then
      extra.annotations := current_setting('rowhook.annotations', true);
    end if;
  end if;
%3$s  end if;
%4$s  if found and pg_sequence_last_value('rowhook.sleep_seq'::regclass) = 2 then
    perform rowhook.wake();
  end if;
  return null;
end
$body$, p_spec ->> 'relid', p_spec ->> 'digest', v_branches,
    case when v_guards then format(E'  if generic then%s\n  end if;\n',
      -- Where virtual columns raise, that is by their nature, and may be so in any statement: they do not wait for
      -- the text to be made. It names the table, and fails where that was renamed.
      case when v_attempts = '' then v_generic
        else replace(v_generic, format('      execute rowhook.generic_statement(%s, tg_op);', p_spec ->> 'source'), format(
          $attempt$      begin
        execute case tg_op%s end;
      exception when others then
        execute rowhook.generic_statement(%s, tg_op);
      end;$attempt$, v_attempts, p_spec ->> 'source')) end) else '' end,
    v_generic, p_spec ->> 'source',
    case when v_moves then E'\n  texts text[];' end,
    case when v_moves then E'\n     or current_setting(\'rowhook.moves\', true) <> \'\' or current_setting(\'rowhook.merged\', true) <> \'\'' end,
    case when v_moves then format($moves$
    if tg_op in ('INSERT', 'UPDATE')
       and (current_setting('rowhook.moves', true) <> '' or current_setting('rowhook.merged', true) <> '') then
      get diagnostics list = pg_context;
      texts := rowhook.moved_statements(%1$s, tg_relid, tg_op, list,
        case when rowhook.is_current('%2$s'::regclass, %3$L) then array[%4$s] end);
      if texts is not null then
        before := rowhook.pin_settings();
        begin
          foreach list in array texts loop
            execute list;
          end loop;
        exception when others then
          raise warning using message = format('rowhook: rows that a merge has moved were not captured: %%s', sqlerrm);
          texts := null;
          perform rowhook.forget_moved(format('%1$s_%%s', pg_trigger_depth()));
          perform rowhook.forget_moved(format('%1$s_%%s_inserts', pg_trigger_depth()));
        end;
        perform rowhook.restore_settings(before);
        if texts is not null and pg_sequence_last_value('rowhook.sleep_seq'::regclass) = 2 then
          perform rowhook.wake();
        end if;
        if texts is not null and tg_op = 'INSERT' then
          return null;
        end if;
      end if;
      list := null;
    end if;$moves$, p_spec ->> 'source', p_spec ->> 'relid', p_spec ->> 'digest',
      (select string_agg(quote_literal(t.text), ', ' order by t.at)
       from unnest(rowhook.moved_texts(p_spec)) with ordinality t(text, at))) end);

  return format(
    E'create or replace function rowhook.capture_%s() returns trigger\n'
    'language plpgsql security definer\nset search_path = pg_catalog, pg_temp\n%sas %L',
    p_spec ->> 'source', rowhook.capture_settings(p_spec, v_body), v_body);
end
$$;
