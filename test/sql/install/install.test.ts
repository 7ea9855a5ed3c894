import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type postgres from 'postgres'
import { expect, test } from 'vitest'
import { connect } from '../../../src/db/connect.ts'
import { installScript } from '../../../src/db/install-script.ts'
import { compare, install } from '../../../src/db/install.ts'
import { type Release, readRelease } from '../../../src/db/release.ts'
import { atEnd } from '../../support/at-end.ts'
import { installSql } from '../../support/command.ts'
import { createDatabase } from '../../support/database.ts'
import { ordinaryRole } from '../../support/template.ts'

const installed = { code: 0, stdout: expect.stringMatching(/^rowhook \S+ is installed$/m), stderr: '' }

test('the first run installs, and the second finds nothing to do', async () => {
  const { url } = await createDatabase({ template: false })
  const env = { DATABASE_URL: url }
  expect(await installSql([], env)).toEqual(installed)
  expect(await installSql(['--check'], env)).toEqual(installed)
  const { code, stdout } = await installSql(['--database-url', url])
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^rowhook \S+ is installed already\n$/),
  })
})

test('twenty installs at once all succeed', async () => {
  const { url, sql } = await createDatabase({ template: false })
  const release = readRelease()
  await Promise.all(Array.from({ length: 20 }, () => install(url, release)))
  expect(await compare(sql, release)).toEqual({ state: 'current', reason: '' })
})

test('a role without any attribute installs, where it may create schemas', async () => {
  const { url, sql } = await createDatabase({ template: false, role: 'ordinary' })
  await install(url, readRelease())
  const extensions = await sql`select extname from pg_extension`
  expect(extensions).toEqual([{ extname: 'plpgsql' }])
})

test('a role that may not create schemas is told which grant is missing', async () => {
  const { url, adminUrl, name } = await createDatabase({ template: false, role: 'ordinary' })
  const admin = connect(adminUrl, { max: 1 })
  await admin.unsafe(`revoke create on database ${name} from ${ordinaryRole.name}`)
  await admin.end()
  expect(await installSql([], { DATABASE_URL: url })).toEqual({
    code: 1,
    stdout: '',
    stderr:
      `install-sql: role "ordinary" may not create a schema in database "${name}"; ` +
      `run as its owner: grant create on database "${name}" to "ordinary"\n`,
  })
})

test('another role is told who installed rowhook', async () => {
  const { adminUrl, url } = await createDatabase({ template: false, role: 'ordinary' })
  await install(adminUrl, readRelease())
  const { code, stderr } = await installSql([], { DATABASE_URL: url })
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringMatching(
      /^install-sql: rowhook was installed in this database by role "postgres": .*; .*\n$/,
    ),
  })
})

test('--print is one statement, for inside or outside of a transaction, and applies any number of times', async () => {
  const { url, sql } = await createDatabase({ template: false })
  const { code, stdout: script } = await installSql(['--print'])
  expect(code).toBe(0)
  expect(script).toBe(installScript(readRelease()))
  expect(script).not.toMatch(/^\\/m) // nothing that only psql understands
  await sql.begin(async (tx) => {
    await tx.unsafe(script)
  })
  expect(await installSql(['--check'], { DATABASE_URL: url })).toEqual(installed)
  const before = await fingerprint(sql)
  await sql.unsafe(script)
  expect(await fingerprint(sql)).toEqual(before)
})

test('--print ends quietly when its reader has seen enough', async () => {
  for (let i = 0; i < 3; i += 1) {
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, '../../../src/cli/install-sql.ts'), '--print'],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
    const said = text(child.stderr)
    const ended = once(child, 'close')
    await once(child.stdout, 'data')
    child.stdout.destroy()
    expect(await ended).toEqual([0, null])
    expect(await said).toBe('')
  }
})

test('--print leaves the settings of the session as they were', async () => {
  const { sql } = await createDatabase({ template: false })
  const settings = `select current_setting('search_path') as path, current_setting('lock_timeout') as lock`
  await sql.begin(async (tx) => {
    await tx.unsafe(`set local search_path = public; set local lock_timeout = '7s'`)
    await tx.unsafe(installScript(readRelease()))
    expect(await tx.unsafe(settings)).toEqual([{ path: 'public', lock: '7s' }])
  })
})

test('changed functions are applied again, and only then is a database behind', async () => {
  const { url, sql } = await createDatabase()
  const folder = copyOfSql()
  writeFileSync(
    join(folder, 'functions/zz_added.sql'),
    'create or replace function rowhook.added() returns int language sql as $$ select 1 $$;',
  )
  appendFileSync(join(folder, 'install.txt'), '\nfunctions/zz_added.sql\n')
  const newer = readRelease(folder)
  expect(await compare(sql, newer)).toEqual({ state: 'behind', reason: expect.stringContaining('functions') })
  await install(url, newer)
  expect(await sql`select rowhook.added()`).toEqual([{ added: 1 }])
  expect(await compare(sql, newer)).toEqual({ state: 'current', reason: '' })
})

test('grants that are missing, as after a restore without them, are given by the next install', async () => {
  const { url, sql } = await createDatabase()
  await sql`revoke all on all tables in schema rowhook from rowhook_reader`
  const may = sql`select has_table_privilege('rowhook_reader', 'rowhook.status', 'select') as may`
  const lines: string[] = []
  await install(url, readRelease(), (line) => lines.push(line))
  expect(await may).toEqual([{ may: true }])
  expect(lines).toHaveLength(1)
  await install(url, readRelease(), (line) => lines.push(line))
  expect(lines).toHaveLength(1)
})

test('a new migration is applied once, after the old ones', async () => {
  const { url, sql } = await createDatabase()
  const newer = withMigration(readRelease(), 'alter table rowhook.setting add column note text')
  expect(await compare(sql, newer)).toEqual({ state: 'behind', reason: `${added} is not applied` })
  await install(url, newer)
  await install(url, newer)
  expect(await compare(sql, newer)).toEqual({ state: 'current', reason: '' })
})

test('a function that returned less under the first migration alone is replaced', async () => {
  const { sql, url } = await createDatabase()
  await sql.unsafe(`
    drop function rowhook.live_columns(oid);
    create function rowhook.live_columns(p_relid oid) returns table (attnum int2, name text, type_oid oid)
      language sql as $$ select 1::int2, 'id', 23::oid $$;
    delete from rowhook.migration where id > 1;
    update rowhook.installation set functions_checksum = ''`)
  await install(url, readRelease())
  await sql`create table orders (id int primary key, note text collate "C")`
  expect(await sql`select name, collation_oid from rowhook.live_columns('orders'::regclass)`).toEqual([
    { name: 'id', collation_oid: null },
    { name: 'note', collation_oid: 950 },
  ])
})

test('ticks that would hide events are mended', async () => {
  const { sql, url } = await createDatabase()
  await sql.unsafe(`
    delete from rowhook.tick;
    insert into rowhook.tick (id, low, xid, snapshot, high, at)
    values (1, 10, '3', '3:3:', 10, now()), (2, 142, '4', '4:4:', 112, now()), (3, 200, '5', '5:5:', 201, now());
    insert into rowhook.tick (id, low, xid, snapshot, high, at, continues_at)
    values (4, 300, '9223372036854775806', '9223372036854775806:9223372036854775806:', 300, now(), 5);
    insert into rowhook.tick (id, low, xid, snapshot, high, at)
    values (5, 300, '2', '3:3:', 300, now()), (6, 310, '6', '6:6:', 311, now()), (7, 400, '7', '7:7:', 400, now());
    delete from rowhook.migration where id > 2`)
  await install(url, readRelease())
  expect(await sql`select id::int, low::int from rowhook.tick order by id`).toEqual([
    { id: 1, low: 0 },
    { id: 2, low: 80 },
    { id: 3, low: 168 },
    { id: 4, low: 300 },
    { id: 5, low: 300 },
    { id: 6, low: 300 },
    { id: 7, low: 368 },
  ])
})

test('a database that is newer than the code is left alone', async () => {
  const { url, sql } = await createDatabase()
  await install(url, withMigration(readRelease(), 'select 1'))
  expect(await compare(sql, readRelease())).toMatchObject({ state: 'newer' })
  expect(await installSql([], { DATABASE_URL: url })).toEqual({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(
      /^install-sql: the SQL in this database is newer than rowhook \S+; install with the newer rowhook\n$/,
    ),
  })
  await sql`delete from rowhook.migration where name = ${added}`
  await sql`update rowhook.installation set version = '999.0.0'`
  expect(await installSql(['--check'], { DATABASE_URL: url })).toEqual({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(
      /^install-sql: the SQL in this database \(999\.0\.0\) is newer than this code .*\n$/,
    ),
  })
})

test('an error in a file names the file, and leaves nothing behind', async () => {
  const { url, sql } = await createDatabase({ template: false })
  const broken = withMigration(
    readRelease(),
    'create table rowhook.fine (id int);\ncreate tabel oops (id int)',
  )
  await expect(install(url, broken)).rejects.toThrow(`${added}:2: syntax error at or near "tabel"`)
  const schemas = await sql`select nspname from pg_namespace where nspname like 'rowhook%'`
  expect(schemas).toEqual([])
})

test('a file with dollar quotes of every kind arrives as it is', async () => {
  const { url, sql } = await createDatabase({ template: false })
  const text = `do $rowhook_file$ begin perform 1; end $rowhook_file$; comment on schema rowhook is 'it''s $$ $rowhook_install$ \\ %'`
  await install(url, withMigration(readRelease(), text))
  const [row] = await sql`select obj_description('rowhook'::regnamespace, 'pg_namespace') as text`
  expect(row).toEqual({ text: `it's $$ $rowhook_install$ \\ %` })
})

test('an upgrade waits for a writer that uses the log, without making others wait for long', async () => {
  const { url, sql } = await createDatabase()
  const lines: string[] = []
  const newer = withMigration(readRelease(), 'alter table rowhook.event add column note text')
  const writer = await sql.reserve()
  await writer`begin`
  await writer`select 1 from rowhook.event`
  let isDone = false
  const upgrade = install(url, newer, (line) => {
    lines.push(line)
    if (line.startsWith('waiting') && !isDone) {
      isDone = true
      void writer`commit`.execute()
    }
  })
  await upgrade
  writer.release()
  expect(lines).toEqual(['waiting for transactions that use the log (attempt 1 of 30)', `applied ${added}`])
})

test('install.txt names every file below sql/, once', () => {
  const folder = join(import.meta.dirname, '../../../sql')
  const present = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.sql'),
  )
  const { migrations, reapplied } = readRelease(folder)
  const listed = [...migrations, ...reapplied].map(({ name }) => name)
  expect(listed.toSorted()).toEqual(present.toSorted())
})

const added = 'migrations/9999_added.sql'

/** The release, and one more migration. */
function withMigration(release: Release, text: string): Release {
  const migration = { id: release.migrations.length + 1, name: added, text, checksum: 'of the added one' }
  return { ...release, migrations: [...release.migrations, migration] }
}

/** Everything that another run could have changed: objects with their definitions, and the ledger. */
async function fingerprint(sql: postgres.Sql) {
  return sql`
    select classid::regclass::text as class, objid, xmin from (
      select 'pg_class'::regclass as classid, oid as objid, xmin::text from pg_class
      union all select 'pg_proc'::regclass, oid, xmin::text from pg_proc
      union all select 'rowhook.migration'::regclass, id::oid, xmin::text from rowhook.migration
      union all select 'rowhook.installation'::regclass, 0, xmin::text from rowhook.installation
    ) found order by 1, 2`
}

function copyOfSql(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rowhook-sql-'))
  atEnd(() => rmSync(folder, { recursive: true }))
  cpSync(join(import.meta.dirname, '../../../sql'), folder, { recursive: true })
  return folder
}
