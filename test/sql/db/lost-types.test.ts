// A connection that is lost at the moment when postgres.js asks it for the array types.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, connect as open, createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { atEnd } from '../../support/at-end.ts'
import { createDatabase } from '../../support/database.ts'

const module = join(import.meta.dirname, '../../../src/db/connect.ts')

/** What the server says when it shuts down: an ErrorResponse of its protocol. */
function shuttingDown(): Buffer {
  const fields = Buffer.from(
    'SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0',
  )
  const head = Buffer.from('E\0\0\0\0')
  head.writeInt32BE(fields.length + 4, 1)
  return Buffer.concat([head, fields])
}

/** A way to the server on which each connection is ended when it is asked for the array types. */
async function brokenWay(url: string): Promise<{ url: string; broken(): number }> {
  const [there, here] = [new URL(url), new URL(url)]
  let broken = 0
  const server = createServer((client) => {
    const upstream = open(Number(there.port), there.hostname)
    for (const socket of [client, upstream]) socket.on('error', () => {})
    upstream.pipe(client)
    client.on('close', () => upstream.destroy())
    client.on('data', (bytes) => {
      if (!bytes.includes('b.typarray')) return void upstream.write(bytes)
      broken++
      upstream.destroy()
      client.end(shuttingDown())
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  atEnd(() => void server.close())
  here.port = String((server.address() as AddressInfo).port)
  return { url: here.href, broken: () => broken }
}

async function outcome(code: string): Promise<string> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text))
  const [status] = (await once(child, 'close')) as [number]
  return `${output.trim()} (${status})`
}

test('it fails the query that it was made for, and the process goes on', async () => {
  const db = await createDatabase()
  const way = await brokenWay(db.url)
  const said = await outcome(`
    import { connect } from ${JSON.stringify(module)}
    const sql = connect(${JSON.stringify(way.url)}, { max: 1, connect_timeout: 2 })
    void sql\`select 1\`.catch(() => {})
    await new Promise((resolve) => setTimeout(resolve, 1000))
    console.log('goes on')
    process.exit(0)`)
  expect(way.broken()).toBeGreaterThan(0)
  expect(said).toBe('goes on (0)')
})

test('any other rejection that nobody handles ends the process, as it should', async () => {
  const said = await outcome(`
    import { connect } from ${JSON.stringify(module)}
    connect('postgres://127.0.0.1/x')
    void Promise.reject(new Error('of something else'))`)
  expect(said).toContain('of something else')
  expect(said).toMatch(/\(1\)$/)
})
