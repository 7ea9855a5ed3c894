// What a receiver checks with the `standardwebhooks` package before it trusts a request.
import { Webhook } from 'standardwebhooks'
import { beforeAll, expect, test } from 'vitest'
import { type Stage, ask, setStage } from '../../support/delivery.ts'
import { changeItems, insertItems } from '../../support/items.ts'
import type { ReceivedRequest } from '../../support/receiver.ts'

let stage: Stage
beforeAll(async () => {
  stage = await setStage()
})

const given = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const signaturesOf = ({ headers }: ReceivedRequest) => headers['webhook-signature']!.split(' ')

/** Whether this secret verifies the request, by each of the given signatures. */
const accepts = (secret: string, { headers, body }: ReceivedRequest, signature?: string): boolean => {
  const shown = signature === undefined ? headers : { ...headers, 'webhook-signature': signature }
  try {
    new Webhook(secret).verify(body, shown)
    return true
  } catch {
    return false
  }
}

test('every attempt verifies with the secret of its endpoint, and with no other one', async () => {
  const { table, receiver } = await stage.sink({
    endpoint: { signing_secret: given },
    batch_size: 10,
    respond: (_, at) => ({ status: at === 0 ? 500 : 200 }),
  })
  await insertItems(stage.database.sql, table, 1, 3, 'ünïcödé 🐘')
  await receiver.waitFor(3)
  const [first, second] = receiver.requests
  for (const request of [first!, second!]) {
    expect(signaturesOf(request)).toHaveLength(1)
    expect(accepts(given, request)).toBe(true)
    expect(accepts(`whsec_${Buffer.alloc(32, 8).toString('base64')}`, request)).toBe(false)
    expect(accepts(given, { ...request, body: `${request.body} ` })).toBe(false)
  }
  expect(second!.headers['webhook-id']).toBe(first!.headers['webhook-id'])
  expect(second!.headers['webhook-timestamp']).not.toBe(first!.headers['webhook-timestamp'])
})

test('during a rotation both secrets sign, newest first; after it the new one alone', async () => {
  const { sql } = stage.database
  const { table, receiver, name } = await stage.sink({ endpoint: { signing_secret: given } })
  const rotate = async (hours: number): Promise<string> => {
    const path = `/api/endpoints/${name}/rotate-secret`
    const { signing_secret } = await ask(stage.rowhook, 'POST', path, { overlap_hours: hours })
    return signing_secret as string
  }
  /** The next change whose request has so many signatures: a running sink takes a moment to notice. */
  const requestWith = async (signatures: number): Promise<ReceivedRequest> => {
    for (;;) {
      const count = receiver.requests.length
      await changeItems(sql, table)
      await receiver.waitForRequests(count + 1)
      if (signaturesOf(receiver.requests[count]!).length === signatures) return receiver.requests[count]!
    }
  }
  await insertItems(sql, table, 1, 1)
  await receiver.waitFor(1)
  const newer = await rotate(1)
  const both = await requestWith(2)
  expect(signaturesOf(both).map((s) => [accepts(newer, both, s), accepts(given, both, s)])).toEqual([
    [true, false],
    [false, true],
  ])
  const newest = await rotate(0)
  const alone = await requestWith(1)
  expect([newest, newer, given].map((secret) => accepts(secret, alone))).toEqual([true, false, false])
})

test('a secret whose overlap is over signs no more, though the sink never rests', async () => {
  const { sql } = stage.database
  const { table, receiver, name } = await stage.sink({ endpoint: { signing_secret: given } })
  await insertItems(sql, table, 1, 1)
  await receiver.waitFor(1)
  const path = `/api/endpoints/${name}/rotate-secret`
  const { signing_secret } = await ask(stage.rowhook, 'POST', path, { overlap_hours: 4 / 3600 })
  const rotatedAt = Date.now()
  const seen = new Set<number>()
  // with changes at such a pace, the run that knew both secrets goes on
  for (let isOver = false; !isOver && Date.now() < rotatedAt + 20_000;) {
    const count = receiver.requests.length
    await changeItems(sql, table)
    await receiver.waitForRequests(count + 1)
    const signatures = signaturesOf(receiver.requests[count]!).length
    seen.add(signatures)
    isOver = seen.has(2) && signatures === 1
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
  expect(seen).toEqual(new Set([1, 2]))
  const latest = receiver.requests.at(-1)!
  expect(signaturesOf(latest)).toHaveLength(1)
  expect([accepts(signing_secret as string, latest), accepts(given, latest)]).toEqual([true, false])
})
