-- rowhook.capture_computed(spec, action): plpgsql text that computes virtual columns over the statement's rows before anything
-- else does, and sets `generic` when one raises: then rowhook.generic_statement captures the statement, row by row if
-- need be. Null where no column may raise. Postgres itself computes these only when they are read, so that a user's
-- write would not fail without us.
-- Names rowhook.event for the reason that rowhook.capture_guard has.
create or replace function rowhook.capture_computed(p_spec jsonb, p_action text) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select concat_ws(E'\n',
    '    begin', (
      select string_agg(format(E'      perform %s from %s x\n        where ''rowhook.event''::regclass is not null;', c.counts, t.name), E'\n' order by t.at)
      from unnest(case p_action when 'insert' then '{rowhook_new}' when 'delete' then '{rowhook_old}' else '{rowhook_new,rowhook_old}' end::text[])
        with ordinality t(name, at)),
    '    exception when others then',
    '      generic := true;',
    '    end;')
  from (
    select string_agg(format('count((%s))', e.value ->> 'expression'), ', ' order by e.at) as counts
    from jsonb_array_elements(rowhook.raising_columns(p_spec -> 'columns', p_spec -> 'omitted')) with ordinality e(value, at)) c
  where c.counts is not null
$$;
