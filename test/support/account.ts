// Accounts for what should have arrived: what is lost, what came twice, what came out of order.
import type { ReceivedMessage } from './receiver.ts'

/** What is wrong with a delivery; three empty lists when it is perfect. */
export interface Account {
  /** Expected and never received. */
  lost: string[]
  /** Received more than once; at-least-once delivery allows it after a failure. */
  duplicated: string[]
  /** First received after a later one of the same group. */
  outOfOrder: string[]
}

/**
 * Compares messages with what was committed.
 * @param expected a key for each change, in the order in which each group's changes were committed
 * @param received in order of arrival
 * @param of.key names the change that a message is about, as in `expected`
 * @param of.group names the group in which order matters; default: one group for all
 */
export function account(
  expected: readonly string[],
  received: readonly ReceivedMessage[],
  of: { key: (message: ReceivedMessage) => string; group?: (message: ReceivedMessage) => string },
): Account {
  const position = new Map(expected.map((key, index) => [key, index]))
  const seen = new Set<string>()
  const newest = new Map<string, number>()
  const result: Account = { lost: [], duplicated: [], outOfOrder: [] }
  for (const message of received) {
    const key = of.key(message)
    const index = position.get(key)
    if (index === undefined) throw new Error(`nobody made the change that was received as ${key}`)
    if (seen.has(key)) {
      result.duplicated.push(key)
      continue
    }
    seen.add(key)
    const group = of.group?.(message) ?? ''
    if (index < (newest.get(group) ?? -1)) result.outOfOrder.push(key)
    else newest.set(group, index)
  }
  result.lost = expected.filter((key) => !seen.has(key))
  return result
}
