-- rowhook.merges_code(source): the text of `create or replace function rowhook.merges_<source>()`, for triggers before each
-- statement on partitioned tables, which tell the others whether to look for rows that a merge moves: rowhook.moves_code.
--   Before an update: may the statement be, or hold, a merge? Postgres tells a trigger of a merge's updates only that it
--     is one of an update. But the word stands in the statement's text, which is the client's query or what a function
--     has run; a function in SQL shows no text but its name. Whatever is not known may be one: that costs time and
--     nothing else. Then the statement's level (rowhook.statement_level) is noted in the setting rowhook.moves.
--   Before a delete: if it is one of such a statement, that is noted there as well.
--   Before an insert: what a merge before this statement has moved (rowhook.merged) does not concern it.
-- Every update of a partitioned table pays for this, so it runs with the writer's rights and settings, which is
-- cheaper: it names everything in full, and reads nothing but catalogs.
create or replace function rowhook.merges_code(p_source int) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select format(
    E'create or replace function rowhook.merges_%1$s() returns trigger\nlanguage plpgsql\nas %2$L', p_source, format($body$
declare
  noted pg_catalog.text := pg_catalog.current_setting(case when tg_op operator(pg_catalog.=) 'INSERT' then 'rowhook.merged' else 'rowhook.moves' end, true);
  context pg_catalog.text;
  asked pg_catalog.text;
  level pg_catalog.text;
begin
  if tg_op operator(pg_catalog.<>) 'UPDATE' and (noted operator(pg_catalog.=) '') is not false then
    return null;
  end if;
  get diagnostics context = pg_context;
  context := pg_catalog.substr(context, pg_catalog.strpos(context operator(pg_catalog.||) E'\n', E'\n') operator(pg_catalog.+) 1);
  if tg_op operator(pg_catalog.=) 'UPDATE' then
    -- "at EXECUTE" is where plpgsql says how it runs a statement
    asked := pg_catalog.lower((case when context operator(pg_catalog.=) '' then pg_catalog.current_query()
      else pg_catalog.replace(context operator(pg_catalog.||) E'\n', E' at EXECUTE\n', E'\n') end) collate pg_catalog."C");
    if (context operator(pg_catalog.=) '' or pg_catalog.starts_with(context, 'SQL statement "'))
       and pg_catalog.strpos(asked, 'merge') operator(pg_catalog.=) 0 and pg_catalog.strpos(asked, 'execute') operator(pg_catalog.=) 0 then
      return null;
    end if;
    begin
      if pg_catalog.octet_length(asked) operator(pg_catalog.<) 100000 and asked operator(pg_catalog.!~) E'\\ymerge\\y' and (case
           when pg_catalog.starts_with(context, 'SQL function "') then not exists (
             select from pg_catalog.pg_proc p
             where p.proname operator(pg_catalog.=) pg_catalog.substring(context, E'^SQL function "(.*?)" [^"\n]*(?:\n|$)')
               and pg_catalog.lower(coalesce(pg_catalog.pg_get_function_sqlbody(p.oid), p.prosrc) collate pg_catalog."C")
                 operator(pg_catalog.~) E'\\y(merge|execute)\\y')
           when context operator(pg_catalog.=) '' or pg_catalog.starts_with(context, 'SQL statement "') then
             asked operator(pg_catalog.!~) E'\\yexecute\\y' or not exists (
               select from pg_catalog.pg_prepared_statements p
               where pg_catalog.lower(p.statement collate pg_catalog."C") operator(pg_catalog.~) E'\\ymerge\\y')
           -- otherwise what it says is in the language of lc_messages
           else false end) then
        return null;
      end if;
    exception when others then
      null; -- catalogs may be closed to the writer
    end;
  end if;
  level := pg_catalog.format('%1$s_%%s ', pg_catalog.hashtextextended(context, 0));
  if tg_op operator(pg_catalog.=) 'INSERT' then
    perform pg_catalog.set_config('rowhook.merged', pg_catalog.replace(noted, pg_catalog.format('%%s_%%s', tg_relid, level), ''), true);
  elsif tg_op operator(pg_catalog.=) 'UPDATE' then
    perform pg_catalog.set_config('rowhook.moves', pg_catalog.concat(pg_catalog.replace(noted, 'u' operator(pg_catalog.||) level, ''), 'u', level), true);
  elsif pg_catalog.strpos(noted, 'u' operator(pg_catalog.||) level) operator(pg_catalog.>) 0 then
    perform pg_catalog.set_config('rowhook.moves', pg_catalog.concat(pg_catalog.replace(noted, 'd' operator(pg_catalog.||) level, ''), 'd', level), true);
  end if;
  return null;
end
$body$, p_source))
$$;
