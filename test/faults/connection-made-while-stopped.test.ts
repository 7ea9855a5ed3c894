import { expect, test } from 'vitest'
import { createAuthority } from '../support/certificates.ts'
import { setStage } from '../support/delivery.ts'
import { eventually } from '../support/eventually.ts'
import { insertItems } from '../support/items.ts'
import { proxy } from '../support/proxy.ts'
import { receiver as startReceiver } from '../support/receiver.ts'

test('what waited for its connection when its dispatcher was stopped is not sent when that wakes', async () => {
  const stage = await setStage()
  const { sql } = stage.database
  const authority = createAuthority('a private authority')
  const receiver = await startReceiver({ tls: authority.issue('receiver', { hosts: ['127.0.0.1'] }) })
  const wire = await proxy(receiver.url.replace('https:', 'http:'))
  const { table } = await stage.sink({
    receiver,
    endpoint: { url: `https://127.0.0.1:${wire.port}`, ca_certificate: authority.certificate },
    request_timeout_ms: 60_000,
  })
  const other = await stage.another({ args: ['--no-api'] })
  const owner = async () => {
    const [row] = await sql`select d.pid from rowhook.stream s join rowhook.dispatcher d on d.id = s.owner`
    return row?.['pid'] as number | undefined
  }
  wire.stall()
  await insertItems(sql, table, 1, 1)
  await eventually(() => expect(wire.connectionCount()).toBe(1))
  expect(await owner()).toBe(stage.rowhook.pid)

  stage.rowhook.signal('SIGSTOP')
  await eventually(async () => expect(await owner()).toBe(other.pid), { timeoutMs: 12_000 })
  wire.resume()
  await receiver.waitFor(1)
  await sql`update ${sql(table)} set n = n + 1`
  await receiver.waitFor(2)
  stage.rowhook.signal('SIGCONT')
  await stage.rowhook.waitForLog(({ msg }) => msg?.includes('took this one for dead') ?? false)
  await eventually(() => expect(wire.connectionCount()).toBe(1), { timeoutMs: 10_000 })
  expect(receiver.messages.map(({ action }) => action)).toEqual(['insert', 'update'])
  expect(receiver.requests).toHaveLength(2)
})
