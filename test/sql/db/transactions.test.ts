import { expect, test } from 'vitest'
import { connect } from '../../../src/db/connect.ts'
import { createDatabase } from '../../support/database.ts'
import { eventually } from '../../support/eventually.ts'

const lose = async (killer: ReturnType<typeof connect>, pid: number): Promise<void> => {
  await killer`select pg_terminate_backend(${pid})`
  await eventually(async () => {
    const [row] = await killer`select count(*)::int as n from pg_stat_activity where pid = ${pid}`
    if (row!['n'] !== 0) throw new Error('still there')
  })
}

for (const [what, goOn] of [
  ['and goes on with a query', 'query'],
  ['and ends as if nothing had happened', 'commit'],
  ['and throws', 'throw'],
] as const) {
  test(`a transaction that loses its connection while it waits ${what}: it rejects, and the pool works on`, async () => {
    const db = await createDatabase()
    const sql = connect(db.url, { max: 1 })
    await db.sql`create table t (x int)`
    for (let round = 0; round < 3; round++) {
      const attempt = sql.begin(async (tx) => {
        const [{ pid }] = (await tx`select pg_backend_pid() as pid`) as unknown as [{ pid: number }]
        await tx`insert into t values (1)`
        await lose(db.sql, pid)
        // a turn of the loop, so that the client has noticed
        await new Promise((resolve) => setTimeout(resolve, 20))
        if (goOn === 'query') await tx`insert into t values (2)`
        if (goOn === 'throw') throw new Error('of its own')
      })
      await expect(attempt).rejects.toThrow(/CONNECTION_|terminating/)
      // answers belong to their questions
      expect((await sql`select ${round}::int as round`)[0]!['round']).toBe(round)
    }
    expect((await sql`select count(*)::int as n from t`)[0]!['n']).toBe(0)
    await sql.end()
  })
}

test('a transaction that fails in the middle of a query when its connection is lost rejects, and the pool works on', async () => {
  const db = await createDatabase()
  const sql = connect(db.url, { max: 1 })
  const [{ pid }] = (await sql`select pg_backend_pid() as pid`) as unknown as [{ pid: number }]
  const attempt = sql.begin(async (tx) => {
    await tx`select pg_sleep(30)`
  })
  const outcome = attempt.catch((error: unknown) => error)
  await lose(db.sql, pid)
  expect(await outcome).toBeInstanceOf(Error)
  // the server says goodbye before it hangs up: a query in between fails as well, but never hangs
  await eventually(async () => expect((await sql`select 7 as n`)[0]!['n']).toBe(7))
  await sql.end()
})
