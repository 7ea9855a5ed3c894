// What a thousand sinks cost: making each, whether they share a table or not, and listing all of them with their
// numbers, for scripts and for people.
import { figure, openConsole, timed } from './answers.ts'
import type { Bench, Figure, Rowhook } from './harness.ts'
import { percentile, whole } from './harness.ts'

const tables = 100

/** Makes sinks with filters of their own, ten to a table, lists them, and makes so many more on a single table. */
export async function sinks(bench: Bench, count = 1000, crowd = count): Promise<Figure[]> {
  const { sql } = bench
  for (let i = 0; i <= tables; i++)
    await sql.unsafe(`create table counted_${i} (id int primary key, status text, total numeric)`)
  const rowhook = await bench.rowhook()
  await rowhook.api('POST', '/api/endpoints', { name: 'counted', url: bench.receiver.url })
  const making = await made(rowhook, count, 'spread', (i) => `counted_${i % tables}`)
  const limit = Math.min(count, 1000)
  const listed = await timed(15, async () => {
    const { data } = await rowhook.api('GET', `/api/sinks?limit=${limit}`)
    if ((data as unknown[]).length !== limit) throw new Error('sinks are missing in the list')
  })
  const page = await openConsole(rowhook)
  const pages: Figure[] = []
  for (const path of ['/sinks', '/endpoints', '/endpoints/counted']) {
    const measured = await timed(15, () => page(path))
    pages.push(figure(`console, ${path} with ${whole(count)} sinks`, measured, 300))
  }
  const crowded = await made(rowhook, crowd, 'crowded', () => `counted_${tables}`)
  await rowhook.stop()
  return [
    { ...making, name: `making a sink, the last of ${whole(count)} over ${tables} tables` },
    { ...crowded, name: `making a sink, the last of ${whole(crowd)} on one table` },
    figure(`a list of ${whole(count)} sinks with their numbers`, listed, 100),
    ...pages,
  ]
}

/** Makes sinks, and compares the last tenth with the second one: in the first, a process is still warming up. */
async function made(
  rowhook: Rowhook,
  count: number,
  name: string,
  tableOf: (i: number) => string,
): Promise<Omit<Figure, 'name'>> {
  let i = 0
  const times = await timed(count, () => {
    const table = { name: tableOf(i), filter: `total > ${i}` }
    return rowhook.api('POST', '/api/sinks', {
      name: `${name}-${i++}`,
      endpoint: 'counted',
      tables: [table],
    })
  })
  const tenth = Math.floor(count / 10)
  const [first, last] = [percentile(times.slice(tenth, 2 * tenth), 0.5), percentile(times.slice(-tenth), 0.5)]
  return {
    value: `${last.toFixed(0)} ms`,
    against: `${first.toFixed(0)} ms among the second tenth`,
    ratio: last / first,
    target: '≤ 2',
    ok: last / first <= 2,
  }
}
