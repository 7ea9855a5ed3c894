import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeWorkerUtils } from 'graphile-worker'
import { beforeAll, describe, expect, test } from 'vitest'
import { workerUrl } from '../../../src/db/worker-url.ts'
import type { PostgresServer } from '../../../src/embedded/postgres.ts'
import { atEnd } from '../../support/at-end.ts'
import { createAuthority } from '../../support/certificates.ts'
import { createDatabase } from '../../support/database.ts'
import { ownServer } from '../../support/server.ts'

/** Connects as Graphile Worker does, and says whether the connection is encrypted. */
async function connectAsWorker(url: string): Promise<{ ssl: boolean; database: string }> {
  const utils = await makeWorkerUtils({ connectionString: url })
  try {
    const { rows } = await utils.withPgClient((client) =>
      client.query(
        'select ssl, current_database() as database from pg_stat_ssl where pid = pg_backend_pid()',
      ),
    )
    return rows[0]
  } finally {
    await utils.release()
  }
}

describe('a server with TLS', () => {
  const ours = createAuthority('ours')
  let server: PostgresServer
  let rootFile: string
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rowhook-tls-'))
    atEnd(() => rmSync(folder, { recursive: true }))
    rootFile = join(folder, 'root.pem')
    writeFileSync(rootFile, ours.certificate)
    server = await ownServer({ auth: 'scram', tls: ours.issue('database', { hosts: ['127.0.0.1'] }) })
  })

  test.each([
    ['', true],
    ['sslmode=disable', false],
    ['sslmode=prefer', true],
    ['sslmode=require', true],
    ['sslmode=require&channel_binding=require&pgbouncer=true', true],
    ['sslmode=no-verify', true],
    ['sslmode=verify-ca&sslrootcert=ROOT', true],
    ['sslmode=verify-full&sslrootcert=ROOT', true],
  ])('is reached with "%s", encrypted: %s', async (parameters, ssl) => {
    const url = await workerUrl(`${server.url}?${parameters.replace('ROOT', rootFile)}`)
    expect(await connectAsWorker(url)).toEqual({ ssl, database: 'postgres' })
  })

  test('is still verified where the URL asks for it', async () => {
    await expect(workerUrl(`${server.url}?sslmode=verify-full`)).rejects.toThrow(/certificate/)
    const good = await workerUrl(`${server.url}?sslmode=verify-full&sslrootcert=${rootFile}`)
    const parameters = new URL(good).searchParams
    expect(Object.fromEntries(parameters)).toMatchObject({ sslmode: 'verify-full', sslrootcert: rootFile })
  })
})

test('without TLS on the server, the host of several that answers is taken, and names stay as they are', async () => {
  const { url, name } = await createDatabase()
  const { host } = new URL(url)
  const found = await workerUrl(`postgres://postgres@127.0.0.1:1,${host}/${name}?options=-c%20work_mem%3D5MB`)
  expect(await connectAsWorker(found)).toEqual({ ssl: false, database: name })
  expect(new URL(found).host).toBe(host)
  expect(new URL(found).searchParams.get('options')).toBe('-c work_mem=5MB')
})
