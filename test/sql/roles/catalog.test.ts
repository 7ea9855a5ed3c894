// What the catalog says about rights: of every function, table and sequence, the ones of tomorrow as well.
import { expect, test } from 'vitest'
import { createDatabase } from '../../support/database.ts'
import { makeSink } from '../messages/sink.ts'

async function withCapture() {
  const { sql } = await createDatabase()
  await sql`create table orders (id int primary key)`
  await makeSink(sql)
  return sql
}

test('PUBLIC may use the schema and annotate, and nothing else', async () => {
  const sql = await withCapture()
  const rights = await sql`
    select 'schema' as kind, n.nspname::text as name, a.privilege_type as right
    from pg_namespace n cross join lateral aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
    where n.nspname = 'rowhook' and a.grantee = 0
    union all
    select 'routine', p.oid::regprocedure::text, a.privilege_type
    from pg_proc p cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
    where p.pronamespace = 'rowhook'::regnamespace and a.grantee = 0
    union all
    select c.relkind::text, c.relname::text, a.privilege_type
    from pg_class c
    cross join lateral aclexplode(coalesce(c.relacl, acldefault(case when c.relkind = 'S' then 's' else 'r' end::"char", c.relowner))) a
    where c.relnamespace = 'rowhook'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'S') and a.grantee = 0
    union all
    select 'column', c.relname || '.' || t.attname, a.privilege_type
    from pg_attribute t join pg_class c on c.oid = t.attrelid cross join lateral aclexplode(t.attacl) a
    where c.relnamespace = 'rowhook'::regnamespace and a.grantee = 0
    order by 1, 2`
  expect(rights).toEqual([
    { kind: 'routine', name: 'rowhook.annotate(jsonb)', right: 'EXECUTE' },
    { kind: 'routine', name: 'rowhook.annotate(text)', right: 'EXECUTE' },
    { kind: 'schema', name: 'rowhook', right: 'USAGE' },
  ])
})

// With an empty search_path, or none, the schema of temporary objects comes first when a type is looked up:
// whoever may create temporary objects could put a domain of theirs, with a check that runs as the
// owner, in the place of timestamptz.
test('functions that run as the owner pin their search_path to pg_catalog, then pg_temp; no other pins another', async () => {
  const sql = await withCapture()
  const wrong = await sql`
    select p.oid::regprocedure::text as name
    from pg_proc p
    cross join lateral (select (select c from unnest(p.proconfig) c where c like 'search_path=%') as path) s
    where p.pronamespace = 'rowhook'::regnamespace
      and s.path is distinct from 'search_path=pg_catalog, pg_temp'
      -- without one, a function inherits that of who calls it, and has no more rights than they
      and (p.prosecdef or s.path is not null)
    order by 1`
  expect(wrong).toEqual([])
})

test('nobody can slip a type of theirs under a function that runs as the owner', async () => {
  const sql = await withCapture()
  const one = await sql.reserve()
  await one`create function pg_temp.evil(text) returns boolean language plpgsql as $$
    begin
      if current_user <> 'rowhook_operator' then raise exception 'ran as %', current_user; end if;
      return true;
    end $$`
  for (const type of ['timestamptz', 'jsonb', 'regclass', 'xid8', 'pg_snapshot', 'int2', 'uuid']) {
    await one.unsafe(`create domain pg_temp.${type} as pg_catalog.text check (pg_temp.evil(value))`)
  }
  await one`grant usage on schema pg_temp to rowhook_operator`.catch(() => {})
  await one`set role rowhook_operator`
  await one`select * from rowhook.status`
  await one`select * from rowhook.messages`
  await one`select rowhook.pause_sink('orders')`
  // each of these would have raised, had the type of theirs been met
  expect(await one`select rowhook.history('orders', '1')`).toBeDefined()
  await one`reset role`
  await one`discard all`
  one.release()
})

test('functions that read or change run as the owner only where a role without rights calls them', async () => {
  const sql = await withCapture()
  // compiled SQL comes in through these alone, so nobody but the owner and admins may call them
  const reachable = await sql`
    select distinct p.proname::text as name
    from pg_proc p
    where p.pronamespace = 'rowhook'::regnamespace
      and has_function_privilege('rowhook_operator', p.oid, 'execute')
      and p.proname ~ '^(create_|place_|refresh|capture_|decide|judge|check_filter|save_stream|apply_)'`
  expect(reachable).toEqual([])
})
