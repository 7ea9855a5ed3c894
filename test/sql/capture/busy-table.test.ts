import type postgres from 'postgres'
import { beforeEach, expect, test } from 'vitest'
import { prepareSources, releaseSources, resolveTables } from '../../../src/capture/tables.ts'
import { connect } from '../../../src/db/connect.ts'
import { LockTimeoutError } from '../../../src/errors.ts'
import { createDatabase } from '../../support/database.ts'
import { capture, events } from './capturing.ts'

let sql: postgres.Sql
let writer: postgres.Sql

beforeEach(async () => {
  const database = await createDatabase()
  sql = database.sql
  writer = connect(database.url, { max: 1 })
  await sql`create table t (id int primary key)`
  return () => writer.end()
})

test('triggers go onto a table whose writer commits in the end, with progress meanwhile', async () => {
  const tables = await resolveTables(sql, [{ name: 't' }])
  await writer`begin`
  await writer`insert into t values (1)`
  const progress: string[] = []
  await prepareSources(sql, tables, {
    lockTimeoutMs: 20,
    onProgress: (line) => {
      progress.push(line)
      if (progress.length === 2) void writer`commit`.execute()
    },
  })
  expect(progress[0]).toMatch(/^public\.t is busy; attempt 2 in \d+ ms$/)
  expect(progress.at(-1)).toBe('triggers on public.t are in place')
})

test('while we wait and wait, other writers get through, and giving up names the process and its query', async () => {
  const tables = await resolveTables(sql, [{ name: 't' }])
  await writer`begin`
  await writer`insert into t values (1) -- by the blocker`
  const [{ pid }] = await writer<[{ pid: number }]>`select pg_backend_pid() as pid`
  await writer`insert into t values (2) -- by the blocker`
  const giving = prepareSources(sql, tables, { lockTimeoutMs: 50, giveUpAfterMs: 600 }).catch(
    (error: unknown) => error,
  )
  let slowest = 0
  for (let i = 10; i < 30; i += 1) {
    const begun = performance.now()
    await sql`insert into t values (${i})`
    slowest = Math.max(slowest, performance.now() - begun)
  }
  const error = await giving
  expect(error).toBeInstanceOf(LockTimeoutError)
  const { message, hint } = error as LockTimeoutError
  expect(message).toMatch(/^no lock on public\.t in \d+ attempts over \d\.\d s: process \d+ holds it/)
  expect(message).toContain(`process ${pid} holds it (idle in transaction`)
  expect(message).toContain('insert into t values (2) -- by the blocker')
  expect(hint).toContain(`pg_terminate_backend(${pid})`)
  // the longest wait for our lock, and what a busy machine adds to it
  expect(slowest).toBeLessThan(1000)
  await writer`commit`
})

test('editing a sink locks no table', async () => {
  const sink = await capture(sql, { name: 't' })
  await writer`begin`
  await writer`insert into t values (1)`
  await capture(sql, { name: 't', filter: 'id > 1' })
  await writer`insert into t values (0), (2)`
  await writer`commit`
  expect((await events(sql)).map((e) => [e.pks[0], e.sinks])).toEqual([
    ['1', [sink]],
    ['2', [sink]],
  ])
})

test('what cannot be released at once stays, and captures nothing', async () => {
  await capture(sql, { name: 't' })
  await sql`delete from rowhook.sink`
  await sql`select rowhook.refresh_source(1)`
  await writer`begin`
  await writer`insert into t values (1)`
  await expect(releaseSources(sql, [1])).rejects.toThrow('canceling statement due to lock timeout')
  await writer`insert into t values (2)`
  await writer`commit`
  await releaseSources(sql, [1])
  expect([await events(sql), await sql`select from pg_trigger where tgrelid = 't'::regclass`]).toMatchObject([
    [],
    [],
  ])
})
