-- rowhook.block_rows(table, cursor, rows): where to read on in a table that has no key, by its blocks.
--   p_cursor  {member's oid, its file, ctid}; null: begin
--   p_rows    how many rows to read, about
-- Returns the member (the table itself, a partition or an inheritance child) and what to read of it:
--   member, rows   SQL text of the rows, to stand in a from clause: alias n, with ctid; null: all is read
--   cursor_next    where the next read begins once all of `rows` is read; null: at the end
--   cursor_head    the first two elements of the cursor of each row
-- A rewrite of the member (vacuum full, cluster) moves its rows, so its blocks are then read from the
-- first one again.
create or replace function rowhook.block_rows(
  p_relid regclass, p_cursor text[], p_rows int,
  out rows text, out cursor_head text[], out cursor_next text[])
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_members  oid[];
  v_member   oid;
  v_class    pg_class;
  v_from     tid := '(0,0)';
  v_blocks   bigint;
  v_to       bigint;
begin
  select array_agg(c.oid order by c.oid) into v_members
  from rowhook.table_tree(p_relid) t join pg_class c on c.oid = t.relid and c.relkind = 'r';
  select min(m) into v_member from unnest(v_members) m where p_cursor is null or m >= p_cursor[1]::oid;
  if v_member is null then
    return;
  end if;
  select * into v_class from pg_class c where c.oid = v_member;
  if v_member = p_cursor[1]::oid and p_cursor[2] = pg_relation_filenode(v_member)::text then
    v_from := p_cursor[3]::tid;
  end if;
  v_blocks := pg_relation_size(v_member) / current_setting('block_size')::int;
  v_to := split_part(trim(leading '(' from v_from::text), ',', 1)::bigint + greatest(1, ceil(p_rows / case
    when v_class.relpages > 0 and v_class.reltuples > 0 then v_class.reltuples / v_class.relpages else 50 end))::bigint;
  rows := format('(select %s from only %s n where n.ctid > %L::tid and n.ctid < %L::tid order by n.ctid) n',
    (select string_agg(format('n.%I', c.name), ', ' order by c.attnum) || ', n.ctid' from rowhook.live_columns(p_relid) c),
    v_member::regclass, v_from, format('(%s,0)', v_to));
  cursor_head := array[v_member::text, pg_relation_filenode(v_member)::text];
  if v_to < v_blocks then
    cursor_next := cursor_head || format('(%s,0)', v_to);
  else
    select array[min(m)::text, null, null] into cursor_next from unnest(v_members) m where m > v_member;
    if cursor_next[1] is null then
      cursor_next := null;
    end if;
  end if;
end
$$;
