// A plan with 10 connections and every time limit that hosts set, shared with the user's application.
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { connect } from '../../../src/db/connect.ts'
import { atEnd } from '../../support/at-end.ts'
import { type TestDatabase, createDatabase } from '../../support/database.ts'
import { setStage } from '../../support/delivery.ts'
import { eventually } from '../../support/eventually.ts'
import { flawless, insertItems, keepChanging, tallyOf } from '../../support/items.ts'
import { ordinaryRole, withDatabase } from '../../support/template.ts'

async function smallPlan(): Promise<TestDatabase> {
  const database = await createDatabase({ role: 'ordinary' })
  const host = connect(database.adminUrl, { max: 1 })
  for (const setting of [
    'connection limit 10',
    `set statement_timeout = '5s'`,
    `set idle_in_transaction_session_timeout = '2s'`,
    `set idle_session_timeout = '1500ms'`,
  ]) {
    await host.unsafe(`alter database ${database.name} ${setting}`)
  }
  await host.end()
  return { ...database, sql: application(database.adminUrl) }
}

/** The user's application: it has three of the connections, and is never refused one. */
function application(adminUrl: string) {
  const sql = connect(`${adminUrl}?options=-c%20role%3D${ordinaryRole.name}`, { max: 3 })
  atEnd(() => sql.end({ timeout: 1 }))
  return sql
}

/** Watches how many connections rowhook has. */
function watchConnections(database: TestDatabase) {
  const admin = connect(withDatabase(database.adminUrl, 'postgres'), { max: 1 })
  let most = 0
  const timer = setInterval(() => {
    void admin`
      select count(*)::int as n from pg_stat_activity
      where datname = ${database.name} and usename = ${ordinaryRole.name}`
      .then(([row]) => (most = Math.max(most, row!['n'] as number)))
      .catch(() => {})
  }, 50)
  atEnd(async () => {
    clearInterval(timer)
    await admin.end()
  })
  return () => most
}

test('a dispatcher, its API and the application share 10 connections, and time limits end nothing of ours', async () => {
  const database = await smallPlan()
  const { sql } = database
  const most = watchConnections(database)
  const stage = await setStage({ database })
  const { table, receiver, name } = await stage.sink({ batch_size: 3 })
  await insertItems(sql, table, 1, 30)
  await receiver.waitFor(30)
  await sleep(2500) // idle sessions are ended meanwhile
  const writer = keepChanging(sql, table, 30, 60)
  const questions = [
    '/api/sinks',
    `/api/sinks/${name}/messages`,
    '/api/doctor',
    '/api/tables',
    '/metrics',
    '/readyz',
  ]
  for (let round = 0; round < 3; round += 1) {
    const answers = await Promise.all(
      [...questions, ...questions].map((path) => stage.rowhook.api('GET', path)),
    )
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
  }
  await receiver.waitFor(300, { timeoutMs: 15_000 })
  await writer.stop()
  expect(await tallyOf(sql, table, receiver)).toMatchObject(flawless)
  expect(most()).toBeLessThanOrEqual(5)
  expect(stage.rowhook.logs.filter((line) => JSON.stringify(line).includes('53300'))).toEqual([])
})

test('two dispatchers share them as well; what is refused a connection tries again', async () => {
  const database = await smallPlan()
  const { sql } = database
  const stage = await setStage({ database })
  const other = await stage.another({ args: ['--no-api'] })
  const { table, receiver } = await stage.sink({ batch_size: 3 })
  await insertItems(sql, table, 1, 30)
  const writer = keepChanging(sql, table, 30, 60)
  await receiver.waitFor(150, { timeoutMs: 15_000 })
  // the application takes what it can get
  const greedy = connect(database.url, { max: 10 })
  await Promise.allSettled(Array.from({ length: 10 }, () => greedy`select pg_sleep(2)`))
  await greedy.end()
  await receiver.waitFor(receiver.messages.length + 100, { timeoutMs: 15_000 })
  await stage.rowhook.kill('SIGTERM')
  await receiver.waitFor(receiver.messages.length + 50, { timeoutMs: 15_000 })
  await writer.stop()
  expect(await tallyOf(sql, table, receiver)).toMatchObject({ lost: 0, outOfOrder: 0 })
  expect(await other.kill('SIGTERM')).toMatchObject({ code: 0 })
})

test('a start that finds no connection left waits for one', async () => {
  const database = await smallPlan()
  // more than there are, and each asks again: whoever else gets one for a moment, none is left after that
  const greedy = Array.from({ length: 12 }, () => connect(database.url, { max: 1, fetch_types: false }))
  const until = performance.now() + 6000
  const taken = Promise.all(
    greedy.map(async (one) => {
      while (performance.now() < until) await one`select pg_sleep(1)`.catch(async () => sleep(20))
      await one.end()
    }),
  )
  await eventually(async () => {
    const other = connect(database.url, { max: 1, fetch_types: false })
    const refused = await other`select 1`.catch((error: unknown) => error)
    await other.end()
    expect(refused).toMatchObject({ code: '53300' })
  })
  const { rowhook } = await setStage({ database })
  const words = rowhook.logs.map(({ msg }) => msg).join('\n')
  expect(words).toMatch(/has no connection left.*trying again/)
  await taken
})
