// What a thousand sinks cost: making each, and listing all of them with their numbers.
import type { Bench, Figure } from './harness.ts'
import { percentile, whole } from './harness.ts'
import { figure } from './search.ts'

const tables = 100

/** Makes sinks with filters of their own, ten to a table, then lists them. */
export async function sinks(bench: Bench, count = 1000): Promise<Figure[]> {
  const { sql } = bench
  for (let i = 0; i < tables; i++)
    await sql.unsafe(`create table counted_${i} (id int primary key, status text, total numeric)`)
  const rowhook = await bench.rowhook()
  await rowhook.api('POST', '/api/endpoints', { name: 'counted', url: bench.receiver.url })
  const made: number[] = []
  for (let i = 0; i < count; i++) {
    const begun = performance.now()
    await rowhook.api('POST', '/api/sinks', {
      name: `counted-${i}`,
      endpoint: 'counted',
      tables: [{ name: `counted_${i % tables}`, filter: `total > ${i}` }],
    })
    made.push(performance.now() - begun)
  }
  const tenth = Math.floor(count / 10)
  const [first, last] = [percentile(made.slice(tenth, 2 * tenth), 0.5), percentile(made.slice(-tenth), 0.5)]
  const listed: number[] = []
  for (let i = 0; i < 15; i++) {
    const begun = performance.now()
    const { data } = await rowhook.api('GET', `/api/sinks?limit=${Math.min(count, 1000)}`)
    listed.push(performance.now() - begun)
    if ((data as unknown[]).length !== Math.min(count, 1000)) throw new Error('sinks are missing in the list')
  }
  await rowhook.stop()
  return [
    {
      name: `making a sink, the last of ${whole(count)}`,
      value: `${last.toFixed(0)} ms`,
      against: `${first.toFixed(0)} ms among the first`,
      ratio: last / first,
      target: '≤ 2',
      ok: last / first <= 2,
    },
    figure(`a list of ${whole(count)} sinks with their numbers`, listed, 100),
  ]
}
