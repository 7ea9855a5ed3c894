// The commands as users run them: over HTTP against a running rowhook, and straight on the database.
import { writeFile } from 'node:fs/promises'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Outcome, rowhook } from '../support/command.ts'
import { type TestDatabase, createDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { type Receiver, receiver } from '../support/receiver.ts'
import { adminToken, encryptionKey, startRowhook } from '../support/rowhook-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'rowhook-cli-'))

/** Everything that commands need to go straight to the database. */
const direct = (database: TestDatabase) => ({
  DATABASE_URL: database.url,
  ROWHOOK_ENCRYPTION_KEY: encryptionKey,
  ROWHOOK_ALLOW_NETWORKS: '127.0.0.0/8',
})

const json = ({ stdout }: Outcome) => JSON.parse(stdout)

describe('over HTTP', () => {
  let env: Record<string, string>
  let database: TestDatabase
  let to: Receiver
  const run = (...args: string[]) => rowhook(args, env)

  beforeAll(async () => {
    database = await createDatabase()
    to = await receiver()
    const { url } = await startRowhook({ url: database.url })
    env = { ROWHOOK_URL: url, ROWHOOK_TOKEN: adminToken }
    await database.sql`create table orders (id int primary key, status text, total numeric)`
    for (const line of [
      `endpoints create app --url ${to.url}`,
      'sinks create orders --endpoint app --table orders',
    ]) {
      const { code, stderr } = await run(...line.split(' '))
      if (code !== 0) throw new Error(stderr)
    }
  })

  test('sinks, status and deliveries show what happens', async () => {
    await database.sql`insert into orders values (1, 'new', 12345678901234567890.10)`
    await to.waitFor(1)
    await eventually(async () => {
      const { data } = json(await run('sinks', '--json'))
      expect(data).toEqual([
        expect.objectContaining({ name: 'orders', health: 'ok', delivered: 1, pending: 0 }),
      ])
    })
    expect((await run('status')).stdout).toMatch(/ready\n\nSINK .*\norders +ok +0/)
    expect((await run('messages', 'orders')).stdout).toMatch(/delivered +public\.orders +insert +1 /)
    const [{ event_id }] = json(await run('messages', 'orders', '--json')).data
    expect((await run('messages', 'get', 'orders', event_id)).stdout).toContain('12345678901234567890.10')
    await eventually(async () => {
      expect((await run('deliveries', 'orders', '--outcome', 'ok')).stdout).toMatch(/ok +200 +1 /)
    })
  })

  test('a backfill is watched to its end', async () => {
    await database.sql`insert into orders select i, 'old' from generate_series(100, 140) i`
    const outcome = await run(
      'backfills',
      'start',
      'orders',
      '--where',
      'id >= 100',
      '--table',
      'orders',
      '--watch',
    )
    expect(outcome).toMatchObject({ code: 0, stdout: expect.stringMatching(/completed, 41 rows\n$/) })
  })

  test('a backfill is counted before it is made', async () => {
    const { stdout } = await run('backfills', 'start', 'orders', '--where', 'id >= 100', '--dry-run')
    expect(stdout).toBe('about 41 rows would be sent\n')
  })

  test('a replay is counted before it is made', async () => {
    const { stdout } = await run(
      'replays',
      'start',
      'orders',
      '--since',
      '1h',
      '--filter',
      "status = 'new'",
      '--dry-run',
    )
    expect(stdout).toBe('1 messages would be sent\n')
  })

  test('a message that was discarded is sent again', async () => {
    to.respond({ status: 500 })
    await run('sinks', 'update', 'orders', '--max-retry-count', '0')
    await database.sql`insert into orders values (2, 'bad', 1)`
    const discarded = () => run('messages', 'orders', '--state', 'discarded', '--json')
    await eventually(async () => expect(json(await discarded()).data).toHaveLength(1), { timeoutMs: 15_000 })
    to.respond({})
    const others = await run('messages', 'redeliver', 'orders', '--state', 'discarded', '--group', '9')
    expect(others.stdout).toBe('0 messages will be sent again.\n')
    const { stdout } = await run('messages', 'redeliver', 'orders', '--state', 'discarded', '--since', '1h')
    expect(stdout).toBe('1 message will be sent again.\n')
    await eventually(async () => expect(json(await discarded()).data).toEqual([]), { timeoutMs: 15_000 })
    await run('sinks', 'update', 'orders', '--max-retry-count', 'none')
  })

  test('pausing, resuming, testing, rotating', async () => {
    expect(json(await run('sinks', 'pause', 'orders', '--json'))).toMatchObject({
      status: 'paused',
      health: 'paused',
    })
    expect(json(await run('sinks', 'resume', 'orders', '--json'))).toMatchObject({ status: 'active' })
    expect((await run('endpoints', 'test', 'app')).stdout).toMatch(/outcome +ok/)
    expect((await run('endpoints', 'rotate-secret', 'app')).stdout).toMatch(/^whsec_/)
  })

  test('tokens are made, limited and revoked', async () => {
    const { stdout, stderr } = await run('tokens', 'create', 'viewer')
    const viewer = { ...env, ROWHOOK_TOKEN: stdout.trim() }
    expect(await rowhook(['sinks'], viewer)).toMatchObject({ code: 0 })
    expect(await rowhook(['sinks', 'pause', 'orders'], viewer)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('needs a token with the scope write'),
    })
    const id = /^id: (.*)$/m.exec(stderr)![1]!
    expect(await run('tokens', 'revoke', id)).toMatchObject({ code: 0 })
    expect(await rowhook(['sinks'], viewer)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('ROWHOOK_TOKEN'),
    })
  })

  test('filters are checked, retentions set', async () => {
    expect(await run('filters', 'check', 'orders', 'total >> 1')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('  total >> 1\n        ^\n'),
    })
    expect(json(await run('retention', 'set', 'orders', '--keep', '2 days', '--json'))).toMatchObject({
      keep: '2 days',
    })
    expect((await run('tables')).stdout).toMatch(/public\.orders +id +0 +yes +orders +2 days/)
    expect(await run('retention', 'unset', 'orders')).toMatchObject({ code: 0 })
  })

  test('the doctor looks at the process that answers', async () => {
    const report = json(await run('doctor', '--json'))
    const found = (check: string) => report.findings.filter((each: { check: string }) => each.check === check)
    expect(found('dispatchers')).toEqual([expect.objectContaining({ level: 'ok' })])
    expect(found('endpoints')).toEqual([expect.objectContaining({ level: 'ok' })])
  })
})

describe('straight on the database', () => {
  test('does the same without an API', async () => {
    const database = await createDatabase()
    await database.sql`create table orders (id int primary key, status text)`
    const run = (...args: string[]) => rowhook(args, direct(database))
    expect(await run('endpoints', 'create', 'app', '--url', 'http://127.0.0.1:1')).toMatchObject({ code: 0 })
    expect(
      await run('sinks', 'create', 'orders', '--endpoint', 'app', '--table', 'orders', '--paused'),
    ).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/status +paused/),
    })
    expect(json(await run('tables', '--json')).data).toEqual([expect.objectContaining({ captured: true })])
    expect(await run('sinks', 'delete', 'orders')).toMatchObject({
      code: 0,
      stdout: 'Sink orders is deleted.\n',
    })
    expect(await run('listen', 'orders', '--forward', 'http://localhost:1')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Set ROWHOOK_URL'),
    })
  })

  test('says in one line what is wrong with the database', async () => {
    const bare = await createDatabase({ template: false })
    expect(await rowhook(['sinks'], direct(bare))).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^rowhook: .*npx install-sql.*\n$/),
    })
    expect(await rowhook(['doctor'], direct(bare))).toMatchObject({
      code: 3,
      stdout: expect.stringContaining('npx install-sql'),
    })
    const nowhere = { ...direct(bare), DATABASE_URL: 'postgres://u:secret@127.0.0.1:1/x' }
    const { code, stderr } = await rowhook(['sinks'], nowhere)
    expect(code).toBe(1)
    expect(stderr).toMatch(/^rowhook: .*127\.0\.0\.1.*\n$/)
    expect(stderr).not.toContain('secret')
  })
})

describe('a configuration document', () => {
  const document = `
endpoints:
  - name: app
    url: \${APP_URL}
sinks:
  - name: orders
    endpoint: app   # the only one
    batch_size: \${SIZE:-5}
    tables:
      - name: orders
retentions:
  - table: orders
    keep: 3 days
`
  test('is planned, applied, found unchanged, exported in place, and pruned', async () => {
    const database = await createDatabase()
    await database.sql`create table orders (id int primary key, status text)`
    const file = join(folder, 'rowhook.yml')
    await writeFile(file, document)
    const env = { ...direct(database), APP_URL: 'http://127.0.0.1:1/hook' }
    const run = (...args: string[]) => rowhook(args, env)

    expect(await rowhook(['plan', file], direct(database))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('APP_URL (line 4)'),
    })
    const plan = await run('plan', file)
    expect(plan).toMatchObject({
      code: 3,
      stdout: expect.stringContaining('3 to create, 0 to change, 0 to delete.'),
    })
    const applied = await run('apply', file)
    expect(applied).toMatchObject({ code: 0, stdout: expect.stringContaining('3 created') })
    expect(applied.stdout).toMatch(/^whsec_/m)
    expect(await run('plan', file)).toMatchObject({ code: 0 })
    expect(await run('export', '--file', file)).toMatchObject({ stderr: `${file} is up to date.\n` })

    await run('sinks', 'update', 'orders', '--batch-size', '9')
    expect((await run('plan', file)).stdout).toContain('batch_size: 9 → 5')
    await run('export', '--file', file)
    expect(await run('plan', file)).toMatchObject({ code: 0 })

    await writeFile(file, 'endpoints: []\n')
    expect(await run('plan', file)).toMatchObject({ code: 0 })
    expect(await run('plan', file, '--prune')).toMatchObject({
      code: 3,
      stdout: expect.stringContaining('- sink orders'),
    })
    expect(json(await run('apply', file, '--prune', '--json')).changes).toHaveLength(3)
    expect(json(await run('export', '--json'))).toEqual({ endpoints: [], sinks: [], retentions: [] })
  }, 120_000)

  test('is applied by rowhook start --config, by many at once', async () => {
    const database = await createDatabase()
    await database.sql`create table orders (id int primary key, status text)`
    const to = await receiver()
    const file = join(folder, 'start.yml')
    await writeFile(file, document)
    const env = { APP_URL: to.url, SIZE: '1' }
    const started = await Promise.all(
      [1, 2, 3].map(() =>
        startRowhook({ url: database.url, args: ['--config', file], env, timeoutMs: 60_000 }),
      ),
    )
    expect((await started[0]!.api('GET', '/api/sinks')).body.data).toEqual([
      expect.objectContaining({ name: 'orders', batch_size: 1 }),
    ])
    await database.sql`insert into orders values (1, 'new')`
    await to.waitFor(1)
    expect(JSON.stringify(started.map(({ logs }) => logs))).not.toContain('whsec_')
  }, 90_000)

  test('that is wrong keeps rowhook from starting, with one line', async () => {
    const database = await createDatabase()
    const file = join(folder, 'wrong.yml')
    await writeFile(
      file,
      'sinks:\n  - name: orders\n    endpoint: nowhere\n    tables: [{ name: nothing }]\n',
    )
    const { code, stderr } = await rowhook(['start', '--config', file], {
      ...direct(database),
      ROWHOOK_ADMIN_TOKEN: 'x',
    })
    expect(code).toBe(1)
    expect(stderr).toMatch(/wrong\.yml:[34]: sinks\[0\]/)
  })

  test('has a JSON Schema for editors', async () => {
    const schema = json(await rowhook(['schema']))
    expect(schema.properties).toHaveProperty('sinks')
    expect(schema.properties).toHaveProperty('endpoints')
  })
})
