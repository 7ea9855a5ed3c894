-- rowhook.keyset_rows(table, order, cursor, start, end, limit): SQL text, to stand in a from clause, of
-- the next rows of a table in an order (rowhook.scan_order) behind a cursor: alias n.
--   p_cursor  text forms of the order's columns at the last row that is done; null: begin. Its first
--             element is null once only rows are left whose sort column is null: those come last
--   p_start, p_end  bounds of the first column, inclusive
-- One row comparison rather than `or`s, because only that begins the index scan at the cursor.
create or replace function rowhook.keyset_rows(
  p_relid regclass, p_order jsonb, p_cursor text[], p_start text, p_end text, p_limit int)
returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_first    jsonb := p_order -> 0;
  v_nulls    boolean := p_cursor is not null and p_cursor[1] is null;
  v_rest     jsonb := p_order;
  v_cursor   text[] := p_cursor;
  v_columns  text[];
  v_values   text[];
  v_where    text[] := '{}';
  v_or       text;
begin
  if v_nulls then
    v_where := v_where || format('n.%I is null', v_first ->> 'name');
    v_rest := p_order - 0;
    v_cursor := p_cursor[2:];
  elsif (v_first ->> 'nullable')::boolean then
    v_where := v_where || format('n.%I is not null', v_first ->> 'name');
  end if;
  if p_start is not null then
    v_where := v_where || format('n.%I %s %L::%s', v_first ->> 'name', v_first ->> 'ge', p_start, v_first ->> 'type');
  end if;
  if p_end is not null then
    v_where := v_where || format('n.%I %s %L::%s', v_first ->> 'name', v_first ->> 'le', p_end, v_first ->> 'type');
  end if;

  if v_cursor is not null and v_cursor[1] is not null then
    select array_agg(format('n.%I', o.value ->> 'name') order by o.at),
           array_agg(format('%L::%s', v_cursor[o.at], o.value ->> 'type') order by o.at)
    into v_columns, v_values
    from jsonb_array_elements(v_rest) with ordinality o(value, at);
    if (select count(distinct o -> 'gt') from jsonb_array_elements(v_rest) o) = 1 then
      v_where := v_where || format('(%s) %s (%s)',
        array_to_string(v_columns, ', '), v_rest #>> '{0,gt}', array_to_string(v_values, ', '));
    else
      -- operators of several schemas cannot share a row comparison
      for i in reverse jsonb_array_length(v_rest) - 1 .. 0 loop
        v_or := format('%s %s %s', v_columns[i + 1], v_rest #>> array[i::text, 'gt'], v_values[i + 1])
          || case when v_or is null then ''
             else format(' or %s is not distinct from %s and (%s)', v_columns[i + 1], v_values[i + 1], v_or) end;
      end loop;
      v_where := v_where || ('(' || v_or || ')');
    end if;
  end if;

  return format('(select n.*%s from %s n%s order by %s limit %s) n',
    case when p_order @? '$[*] ? (@.name == "ctid")' then ', n.tableoid, n.ctid' else '' end,
    p_relid,
    case when v_where = '{}' then '' else ' where ' || array_to_string(v_where, ' and ') end,
    (select string_agg(format('n.%I', o.value ->> 'name'), ', ' order by o.at)
     from jsonb_array_elements(p_order) with ordinality o(value, at)),
    p_limit);
end
$$;
