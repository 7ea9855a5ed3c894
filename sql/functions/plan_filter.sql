-- rowhook.plan_filter(table, text): has the database plan a person's filter text as it stands, so that a
-- typo raises at once: 22023 with the database's own message. For the SQL interface only: the text is
-- compiled, and checked for what a filter may be, by a dispatcher before anything runs it.
-- Never call this from security definer code, nor make it so: planning evaluates immutable functions, and
-- must do that with the caller's rights. The text goes to the database as a cursor's query, which
-- takes a single statement, and `explain` does not run it.
create or replace function rowhook.plan_filter(p_relid regclass, p_text text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_nulls   text := (
    select string_agg(format('null::%s as %I', format_type(c.type_oid, null), c.name), ', ' order by c.attnum)
    from rowhook.live_columns(p_relid) c);
  v_cursor  refcursor;
begin
  -- bare names find the innermost row first; `new` and `old` are one level up
  open v_cursor for execute format(
    $sql$explain select (select coalesce((%s
), true) from (select %2$s) n) from (select %2$s) "new", (select %2$s) "old"$sql$, p_text, v_nulls);
  close v_cursor;
exception
  when undefined_object then
    null; -- a type of the user's, which the compiler looks for in the table's schema
  when others then
    raise exception using errcode = 'invalid_parameter_value', column = 'filter',
      message = format('the filter does not fit table %s: %s', p_relid, sqlerrm),
      hint = 'a filter is one SQL condition over the columns of the table';
end
$$;
