// How fast waiting changes go out, against what undici alone reaches with requests of the same size, in turns.
import type { Bench, Figure } from './harness.ts'
import { whole } from './harness.ts'
import { median, ratioOf, takeTurns } from './paired.ts'

const changes = 60_000

/**
 * Drains the same number of captured changes with each batch size, by a dispatcher that has just begun, and again by
 * the same one when it is warm: V8 optimizes most of what it runs in the first second or two.
 */
export async function drain(
  bench: Bench,
  rounds: number,
  batchSizes: readonly number[] = [1, 10, 100, 1000],
): Promise<Figure[]> {
  const { sql, receiver } = bench
  await sql`create table if not exists drained (id bigint generated always as identity primary key, v text, n int)`
  const setup = await bench.rowhook(['--no-dispatch'])
  await setup.api('POST', '/api/endpoints', { name: 'drain', url: receiver.url })
  await setup.api('POST', '/api/sinks', { name: 'drain', endpoint: 'drain', tables: [{ name: 'drained' }] })
  const wait = async (): Promise<void> => {
    await sql`insert into drained (v, n) select repeat('x', 40), i from generate_series(1, ${changes}) i`
    await receiver.reset()
  }
  const rate = async (requests: number): Promise<number> => {
    const counted = await receiver.until(requests)
    return (counted.requests / counted.ms) * 1000
  }
  const figures: Figure[] = []
  for (const size of batchSizes) {
    await setup.api('PATCH', '/api/sinks/drain', { batch_size: size })
    const requests = Math.ceil(changes / size)
    const warm: number[] = []
    const ways = {
      // bodies as they will be: about 600 bytes a message
      loop: () => bench.bareLoop(Math.min(20_000, requests * 4), 12 + size * 600),
      drain: async () => {
        await wait()
        const dispatcher = await bench.rowhook(['--no-api'])
        const cold = await rate(requests)
        await setup.api('POST', '/api/sinks/drain/pause')
        await wait()
        await setup.api('POST', '/api/sinks/drain/resume')
        warm.push(await rate(requests))
        await dispatcher.stop()
        return cold
      },
    }
    const taken = await takeTurns(rounds, ['loop', 'drain'], (name) => ways[name]())
    for (const [name, rates] of [
      [`drain, batches of ${size}, just begun`, taken.drain],
      [`drain, batches of ${size}, warm`, warm],
    ] as const) {
      const perSecond = median(rates)
      const ratio = ratioOf(rates, taken.loop)
      figures.push({
        name,
        value: `${whole(perSecond * size)} changes/s, ${whole(perSecond)} requests/s`,
        against: `bare undici loop ${whole(median(taken.loop))} requests/s`,
        ratio,
        ...(rates !== warm
          ? {}
          : size === 1
            ? { target: '≥ 0.5 of the loop', ok: ratio >= 0.5 }
            : size === 100
              ? { target: '≥ 60,000 changes/s', ok: perSecond * size >= 60_000 }
              : {}),
      })
    }
  }
  await setup.api('DELETE', '/api/sinks/drain').catch(() => {})
  await setup.stop()
  return figures
}
