import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Calls `attempt` until it neither throws nor rejects, and returns what it returns.
 * @param options.timeoutMs default 20,000; then the last error is thrown
 * @param options.everyMs pause between attempts, default 10
 */
export async function eventually<T>(
  attempt: () => T | Promise<T>,
  { timeoutMs = 20_000, everyMs = 10 } = {},
): Promise<T> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (performance.now() > deadline) throw error
    }
    await sleep(everyMs)
  }
}
