-- rowhook.may_raise(tree): whether an expression over a table's row, as pg_attrdef.adbin has it, may raise on some row.
-- What is not known to be safe may. Safe are the nodes, casts and functions below, and comparisons of built-in
-- types; the bar for a function is that it raises on no argument. `||` raises where the result is larger than
-- 1 GB, and so does the record of such a row.
-- A comparison of texts raises where their collations contradict each other (inputcollid 0).
-- Postgres stores names of nodes in capitals behind a brace; constants stand in it as bytes, never as text.
create or replace function rowhook.may_raise(p_tree text) returns boolean
language sql stable strict
set search_path = pg_catalog, pg_temp
as $$
  with call as (
    select case when m[1] = 'FUNCEXPR' then m[2]::oid
             else (select o.oprcode::oid from pg_catalog.pg_operator o where o.oid = m[2]::oid) end as oid,
           m[3] = '0' as uncollated
    from regexp_matches(p_tree,
      '\{(FUNCEXPR|OPEXPR|DISTINCTEXPR|NULLIFEXPR|SCALARARRAYOPEXPR) :(?:funcid|opno) (\d+)[^{}]*? :inputcollid (\d+)', 'g') m)
  select exists (
           select from regexp_matches(p_tree, '\{([A-Z]+)', 'g') m
           where m[1] not in ('VAR', 'CONST', 'FUNCEXPR', 'OPEXPR', 'DISTINCTEXPR', 'NULLIFEXPR', 'SCALARARRAYOPEXPR',
             'BOOLEXPR', 'RELABELTYPE', 'COLLATEEXPR', 'COERCEVIAIO', 'CASEEXPR', 'CASEWHEN', 'CASETESTEXPR', 'COALESCEEXPR',
             'NULLTEST', 'BOOLEANTEST', 'ARRAYEXPR'))
      or p_tree like '%:multidims true%'
      -- a cast by way of text is safe where it ends there
      or p_tree like '%{COERCEVIAIO%' and exists (
           select from regexp_matches(p_tree, ':resulttype (\d+)', 'g') m where m[1] not in ('25', '1043'))
      or (select count(*) from call)
         <> (select count(*) from regexp_matches(p_tree, '\{(?:FUNCEXPR|OPEXPR|DISTINCTEXPR|NULLIFEXPR|SCALARARRAYOPEXPR)\M', 'g'))
      or exists (
           select from call c
           left join pg_catalog.pg_proc p on p.oid = c.oid
           where p.oid is null or p.oid >= 16384
              or c.uncollated and exists (
                   select from unnest(p.proargtypes) a join pg_catalog.pg_type t on t.oid = a where t.typcollation <> 0)
              or not (
                p.proname in ('textcat', 'lower', 'upper', 'initcap', 'length', 'char_length', 'character_length',
                  'octet_length', 'bit_length', 'btrim', 'ltrim', 'rtrim', 'left', 'right', 'strip',
                  'jsonb_object_field', 'jsonb_object_field_text', 'jsonb_array_element', 'jsonb_array_element_text',
                  'jsonb_extract_path', 'jsonb_extract_path_text', 'jsonb_exists', 'jsonb_contains', 'jsonb_contained',
                  'jsonb_typeof', 'cardinality', 'array_length', 'num_nulls', 'num_nonnulls', 'isfinite', 'isempty')
                or exists (
                  select from pg_catalog.pg_operator o
                  where o.oprcode = p.oid and o.oprname in ('=', '<>', '<', '<=', '>', '>=')
                    and not exists (
                      select from pg_catalog.pg_type t where t.oid in (o.oprleft, o.oprright) and t.typtype = 'p'))
                -- casts that every value survives
                or exists (
                  select from pg_catalog.pg_cast k
                  where k.castfunc = p.oid and (k.castsource::regtype::text, k.casttarget::regtype::text) in (
                    ('smallint', 'integer'), ('smallint', 'bigint'), ('smallint', 'numeric'), ('smallint', 'real'),
                    ('smallint', 'double precision'), ('integer', 'bigint'), ('integer', 'numeric'), ('integer', 'real'),
                    ('integer', 'double precision'), ('bigint', 'numeric'), ('bigint', 'real'), ('bigint', 'double precision'),
                    ('real', 'double precision'), ('boolean', 'integer'), ('boolean', 'text'), ('character', 'text'),
                    ('character', 'character varying'), ('name', 'text'), ('name', 'character varying'), ('"char"', 'text')))))
$$;
