-- rowhook.print_changed(column): SQL text of "the JSON text of this column differs between n and o".
-- Where equality of the type means the same text, `is distinct from` says so for a few ns. For the
-- others equality is too generous (numeric 1.0 = 1.00, interval 1 day = 24 hours, -0 = 0) or missing
-- (json, xml), so texts are compared, but only where the stored bytes differ at all. (By function: the
-- parser takes `row(a) *<> row(b)` apart into `a *<> b`.)
-- No operator is looked up on a type that a user made: a cast of theirs may make `=` ambiguous, or be
-- called by it.
create or replace function rowhook.print_changed(p_column jsonb) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select case
    -- bool bytea "char" name int8 int2 int4 oid date time timestamp timestamptz timetz uuid
    when c.base in (16, 17, 18, 19, 20, 21, 23, 26, 1082, 1083, 1114, 1184, 1266, 2950)
      then format('%s is distinct from %s', c.n, c.o)
    when c.base in (25, 1043)
      then format('%s collate "C" is distinct from %s collate "C"', c.n, c.o)
    when c.base = 1700
      then format('(%1$s is distinct from %2$s or scale(%1$s) is distinct from scale(%2$s))', c.n, c.o)
    when c.is_enum
      then format('record_image_ne(row(%s), row(%s))', c.n, c.o)
    else format(
      '(record_image_ne(row(%s), row(%s)) and coalesce(to_json(%s)::text, ''null'') <> coalesce(to_json(%s)::text, ''null''))',
      c.n, c.o, rowhook.print_column(p_column, 'n', 'row'), rowhook.print_column(p_column, 'o', 'row'))
  end
  from (
    select format('n.%I', p_column ->> 'name') as n,
           format('o.%I', p_column ->> 'name') as o,
           b.base,
           exists (select from pg_catalog.pg_type t where t.oid = b.base and t.typtype = 'e') as is_enum
    from (select (p_column ->> 'base_oid')::bigint) b(base)) c
$$;
