import { Agent, request } from 'undici'
import { expect, test } from 'vitest'
import { account } from '../../support/account.ts'
import { createAuthority } from '../../support/certificates.ts'
import { type ReceivedMessage, receiver } from '../../support/receiver.ts'

const message = (key: string, group = 'a') => ({
  record: { group },
  changes: null,
  action: 'insert',
  metadata: { idempotency_key: key, record_pks: [group] },
})

const post = async (url: string, messages: object[]) =>
  fetch(url, { method: 'POST', body: JSON.stringify({ data: messages }) })

test('a receiver keeps the body as it was sent, and the messages that it acknowledged', async () => {
  const hooks = await receiver()
  await fetch(`${hooks.url}/orders`, { method: 'POST', body: '{"record":{"id":12345678901234567890}}' })
  const [first] = await hooks.waitForRequests(1)
  expect(first).toMatchObject({
    method: 'POST',
    path: '/orders',
    body: '{"record":{"id":12345678901234567890}}',
  })
  await expect(hooks.waitFor(1)).resolves.toHaveLength(1)
})

test('a receiver fails, hangs up and acknowledges in part when it is told to', async () => {
  const hooks = await receiver()
  hooks.respond({ status: 503, body: 'busy' })
  expect((await post(hooks.url, [message('1')])).status).toBe(503)
  hooks.respond({ reset: true })
  await expect(post(hooks.url, [message('1')])).rejects.toThrow('fetch failed')
  hooks.respond({ fail: ({ metadata }) => metadata.idempotency_key === '2' })
  const answer = await post(hooks.url, [message('1'), message('2')])
  await expect(answer.json()).resolves.toEqual({ failed: ['2'] })
  const acknowledged = await hooks.waitFor(1)
  expect(acknowledged.map(({ metadata }) => metadata.idempotency_key)).toEqual(['1'])
  expect(hooks.requests).toHaveLength(3)
})

test('a receiver closes in the middle of a body, and sends bodies of any size', async () => {
  const hooks = await receiver({ respond: { closeEarly: true, body: 'half of this arrives' } })
  const answer = await post(hooks.url, [message('1')])
  await expect(answer.text()).rejects.toThrow('terminated')
  hooks.respond({ bodyBytes: 100_000 })
  expect((await (await post(hooks.url, [])).text()).length).toBe(100_000)
})

test('a receiver speaks TLS with a certificate that its authority vouches for, and no other', async () => {
  const authority = createAuthority('ours')
  const hooks = await receiver({ tls: authority.issue('hooks', { hosts: ['127.0.0.1'] }) })
  const trusting = new Agent({ connect: { ca: authority.certificate } })
  const { statusCode } = await request(hooks.url, { dispatcher: trusting })
  expect(statusCode).toBe(200)
  await trusting.close()
  const other = new Agent({ connect: { ca: createAuthority('theirs').certificate } })
  await expect(request(hooks.url, { dispatcher: other })).rejects.toThrow(/certificate/)
  await other.close()
})

test('an account names what is lost, what came twice and what came out of order', () => {
  const received = ['1', '3', '2', '2', '4'].map((key) =>
    message(key, key === '4' ? 'b' : 'a'),
  ) as ReceivedMessage[]
  const found = account(['1', '2', '3', '4', '5'], received, {
    key: ({ metadata }) => metadata.idempotency_key,
    group: ({ metadata }) => metadata.record_pks.join(),
  })
  expect(found).toEqual({ lost: ['5'], duplicated: ['2'], outOfOrder: ['2'] })
})
