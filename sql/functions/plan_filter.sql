-- rowhook.plan_filter(table, text): has the database read and plan a person's filter text, so that what is
-- no filter raises at once: 22023 with the reason. It sees that the text is one condition that fits the
-- table, without comments, subqueries, aggregates; what functions and operators it may name, a dispatcher checks
-- when it compiles the text, and before anything runs it. For the SQL interface only.
-- Never call this from security definer code, nor make it so: planning evaluates immutable functions, and
-- must do that with the caller's rights. The text goes to the database as a cursor's query, which
-- takes a single statement, and `explain` does not run it.
create or replace function rowhook.plan_filter(p_relid regclass, p_text text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
set transform_null_equals = off
set array_nulls = on
set timezone = 'UTC'
set datestyle = 'ISO, MDY'
set intervalstyle = 'postgres'
as $$
declare
  -- `offset 0` keeps the planner from taking the nulls for constants, and subqueries away with them
  v_row     text := format('(select %s offset 0)', (
    select string_agg(format('null::%s as %I', format_type(c.type_oid, null), c.name), ', ' order by c.attnum)
    from rowhook.live_columns(p_relid) c));
  v_cursor  refcursor;
  v_plan    json;
  v_comment boolean := false;
begin
  if char_length(p_text) > 10000 then
    raise exception 'it has % characters, and may have 10000', char_length(p_text);
  end if;

  -- One expression is what may stand in brackets and, below, in parentheses too: `a) or (b` ends the one, and
  -- no text ends both. In brackets there is no `select` either, and nothing behind that a quote could reach.
  begin
    open v_cursor for execute format(E'explain select array[%s\n]', p_text);
    close v_cursor;
  exception
    when syntax_error then
      raise;
    when others then
      null; -- nothing that the columns would not mend, or else it is said below
  end;

  -- In a literal these may be exchanged; a comment that begins there now has no end.
  begin
    if p_text ~ '--|/\*' then
      open v_cursor for execute format(E'explain select array[%s\n]',
        replace(regexp_replace(p_text, '--|/\*', '/*', 'g'), '*/', '* '));
      close v_cursor;
    end if;
  exception
    when syntax_error then
      v_comment := true;
    when others then
      null;
  end;
  if v_comment then
    raise exception 'comments are not allowed in a filter';
  end if;

  -- bare names find the innermost row first; `new` and `old` are one level up
  open v_cursor for execute format(
    $sql$explain (format json, costs off) select from %2$s "new", %2$s "old" where (select true from %2$s n where coalesce((%1$s
), true))$sql$, p_text, v_row);
  fetch v_cursor into v_plan;
  close v_cursor;
  if jsonb_array_length(jsonb_path_query_array(
       v_plan::jsonb, 'strict $.**."Parent Relationship" ? (@ == "SubPlan" || @ == "InitPlan")')) > 1 then
    raise exception 'subqueries are not allowed in a filter';
  end if;
exception
  when undefined_object then
    null; -- a type of the user's, which the compiler looks for in the table's schema
  when others then
    raise exception using errcode = 'invalid_parameter_value', column = 'filter',
      message = format('the filter does not fit table %s: %s', p_relid, sqlerrm),
      hint = 'a filter is one SQL condition over the columns of the table';
end
$$;
