-- rowhook.capture_undecided(spec, entries, action): plpgsql text that says in capture.extra which verdicts are left to the
-- reader: those of stale sinks, and of sinks whose filter raised in this statement (capture.raised). Null where
-- there can be none. `entries` are those that judge it (rowhook.filtering_entries).
create or replace function rowhook.capture_undecided(p_spec jsonb, p_entries jsonb, p_action text) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_undecided  int[] := rowhook.undecided_sinks(p_spec, p_action, false);
  v_shape      text := format('      extra.shape := %L::jsonb;', rowhook.shape(p_spec -> 'names'));
  v_raising    boolean := p_entries @? '$[*] ? (@.guarded == true && @.sink > 0)';
begin
  return nullif(concat_ws(E'\n',
    case when v_undecided <> '{}' then format(E'      extra.undecided := %L::int[];\n%s', v_undecided, v_shape) end,
    case when v_raising then concat_ws(E'\n',
      '      if raised <> ''{}'' then',
      format('      extra.undecided := nullif(%L::int[] || array_remove(raised, 0), ''{}'');', v_undecided),
      v_shape,
      '      end if;') end), '');
end
$$;
