// How fast waiting changes go out, against what undici alone reaches with requests of the same size.
import type { Bench, Figure } from './harness.ts'
import { whole } from './harness.ts'

const changes = 60_000

/** Drains the same number of captured changes with each batch size. */
export async function drain(
  bench: Bench,
  batchSizes: readonly number[] = [1, 10, 100, 1000],
): Promise<Figure[]> {
  const { sql, receiver } = bench
  await sql`create table if not exists drained (id bigint generated always as identity primary key, v text, n int)`
  const setup = await bench.rowhook(['--no-dispatch'])
  await setup.api('POST', '/api/endpoints', { name: 'drain', url: receiver.url })
  await setup.api('POST', '/api/sinks', { name: 'drain', endpoint: 'drain', tables: [{ name: 'drained' }] })
  const figures: Figure[] = []
  for (const size of batchSizes) {
    await setup.api('PATCH', '/api/sinks/drain', { batch_size: size })
    // bodies as they will be: about 600 bytes a message
    const requests = Math.ceil(changes / size)
    const bare = await bench.bareLoop(Math.min(20_000, requests * 4), 12 + size * 600)
    await sql`insert into drained (v, n) select repeat('x', 40), i from generate_series(1, ${changes}) i`
    await receiver.reset()
    const dispatcher = await bench.rowhook(['--no-api'])
    const counted = await receiver.until(requests)
    await dispatcher.stop()
    const perSecond = (counted.requests / counted.ms) * 1000
    const events = (changes / counted.ms) * 1000
    const ratio = perSecond / bare
    figures.push({
      name: `drain, batches of ${size}`,
      value: `${whole(events)} changes/s, ${whole(perSecond)} requests/s`,
      against: `bare undici loop ${whole(bare)} requests/s`,
      ratio,
      ...(size === 1
        ? { target: '≥ 0.5 of the loop', ok: ratio >= 0.5 }
        : size === 100
          ? { target: '≥ 60,000 changes/s', ok: events >= 60_000 }
          : {}),
    })
  }
  await setup.api('DELETE', '/api/sinks/drain').catch(() => {})
  await setup.stop()
  return figures
}
