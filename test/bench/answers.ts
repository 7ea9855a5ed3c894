// How long the admin API and the console take to answer.
import type { Figure, Rowhook } from './harness.ts'
import { percentile } from './harness.ts'

/** Milliseconds of each of some repetitions. */
export async function timed(times: number, ask: () => Promise<unknown>): Promise<number[]> {
  const measured: number[] = []
  for (let i = 0; i < times; i++) {
    const begun = performance.now()
    await ask()
    measured.push(performance.now() - begun)
  }
  return measured
}

/** Median of the answers, and the slowest, which is the first. */
export function figure(name: string, measured: readonly number[], targetMs: number): Figure {
  const median = percentile(measured, 0.5)
  return {
    name,
    value: `${median.toFixed(0)} ms`,
    against: `${Math.max(...measured).toFixed(0)} ms at most`,
    ratio: null,
    target: `< ${targetMs} ms`,
    ok: median < targetMs,
  }
}

/** Signs in to the console; what it returns reads a page of it, whole. */
export async function openConsole({ url, token }: Rowhook): Promise<(path: string) => Promise<string>> {
  const entered = await fetch(`${url}/sign-in`, {
    method: 'POST',
    body: new URLSearchParams({ token }),
    headers: { origin: url },
    redirect: 'manual',
  })
  const cookie = entered.headers.getSetCookie().map((each) => each.split(';')[0]!)
  if (entered.status !== 303 || cookie.length === 0) throw new Error(`signing in: ${entered.status}`)
  return async (path) => {
    const response = await fetch(url + path, { headers: { cookie: cookie.join('; ') }, redirect: 'manual' })
    const text = await response.text()
    if (response.status !== 200) throw new Error(`GET ${path}: ${response.status} ${text.slice(0, 200)}`)
    return text
  }
}
