// Writers that go on whatever happens to rowhook, and know what they have committed.
import type { Sql } from 'postgres'
import { connect } from '../../../src/db/connect.ts'

/** Writers at work on a table (id bigint primary key, n int). */
export interface Traffic {
  /** How many transactions they have committed so far. */
  readonly commits: number
  /** Resolves when so many more are committed; rejects with the first write that fails. */
  more(commits: number): Promise<void>
  /** Ends them. Rejects when a write failed; resolves with how long the slowest transaction took, in ms. */
  stop(): Promise<{ slowestMs: number }>
}

/** Starts writers, each with rows of its own: inserts, updates, deletes; a failed write ends them all. */
export function startTraffic(url: string, table: string, writers = 4): Traffic {
  const sql = connect(url, { max: writers })
  let commits = 0
  let slowestMs = 0
  let stopping = false
  const work = async (writer: number): Promise<void> => {
    for (let n = 0; !stopping; n++) {
      const id = writer * 1_000_000 + n
      const began = performance.now()
      await write(sql, table, id, n)
      slowestMs = Math.max(slowestMs, performance.now() - began)
      commits++
    }
  }
  const all = Promise.all(Array.from({ length: writers }, (_, i) => work(i + 1)))
  all.catch(() => {}) // reported by whoever waits
  return {
    get commits() {
      return commits
    },
    async more(count) {
      const goal = commits + count
      while (commits < goal) await Promise.race([all, new Promise((resolve) => setTimeout(resolve, 5))])
    },
    async stop() {
      stopping = true
      try {
        await all
      } finally {
        await sql.end()
      }
      return { slowestMs }
    },
  }
}

async function write(sql: Sql, table: string, id: number, n: number): Promise<void> {
  if (n % 3 === 0) {
    await sql`insert into ${sql(table)} values (${id}, 0)`
    return
  }
  await sql.begin(async (tx) => {
    await tx`insert into ${sql(table)} values (${id}, 0)`
    await tx`update ${sql(table)} set n = n + 1 where id = ${id}`
    if (n % 3 === 2) await tx`delete from ${sql(table)} where id = ${id}`
  })
}

/** The rows that a receiver has which applies messages in order of arrival. */
export function applied(
  messages: readonly { action: string; record: Record<string, unknown> | null }[],
): Map<number, number> {
  const rows = new Map<number, number>()
  for (const { action, record } of messages) {
    const id = Number(record!['id'])
    if (action === 'delete') rows.delete(id)
    else rows.set(id, Number(record!['n']))
  }
  return rows
}

/** The same of the table itself. */
export async function stored(sql: Sql, table: string): Promise<Map<number, number>> {
  const rows = await sql<{ id: string; n: number }[]>`select id, n from ${sql(table)} order by id`
  return new Map(rows.map(({ id, n }) => [Number(id), n]))
}
