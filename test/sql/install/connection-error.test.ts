// Every way in which a database can be out of reach ends `install-sql` with one line that names what
// is wrong and the next step, exit code 1, no stack trace, and no password.
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, type Socket, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { connect } from '../../../src/db/connect.ts'
import type { PostgresServer } from '../../../src/embedded/postgres.ts'
import { atEnd } from '../../support/at-end.ts'
import { createAuthority } from '../../support/certificates.ts'
import { installSql, rowhook } from '../../support/command.ts'
import { createDatabase } from '../../support/database.ts'
import { ownServer } from '../../support/server.ts'

async function lineFor(url: string | undefined): Promise<string> {
  const { code, stdout, stderr } = await installSql(
    ['--check'],
    url === undefined ? {} : { DATABASE_URL: url },
  )
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toMatch(/^install-sql: .+\n$/) // one line
  expect(stderr).not.toContain('secret')
  return stderr.slice('install-sql: '.length).trimEnd()
}

describe('a URL that is none', () => {
  test.each([
    [undefined, 'DATABASE_URL is not set; give a Postgres URL such as postgres://'],
    ['', 'DATABASE_URL is not set; give a Postgres URL such as postgres://'],
    ['localhost:5432/shop', 'DATABASE_URL is not a Postgres URL; it looks like postgres://'],
    ['mysql://root:secret@host/shop', 'DATABASE_URL is not a Postgres URL'],
    ['postgres://app:secret/word@host/shop', 'DATABASE_URL has a port that is no number'],
    ['postgres://app:sec%ret@host/shop', 'DATABASE_URL holds a % that begins no escape'],
    ['postgres://app:secret@host:99999/shop', 'DATABASE_URL has a port that is no number from 1 to 65535'],
    [
      'postgres://app:secret@host/shop?sslmode=always',
      'DATABASE_URL has an unknown sslmode; give one of disable,',
    ],
    [
      'postgres://app:secret@host/shop?sslmode=verify-ca&sslrootcert=/none',
      'names a file in sslrootcert that cannot be read: ENOENT',
    ],
  ])('%s', async (url, line) => {
    expect(await lineFor(url)).toContain(line)
  })
})

test('options that are unknown or exclude each other', async () => {
  expect(await installSql(['--force'])).toEqual({
    code: 1,
    stdout: '',
    stderr: "install-sql: Unknown option '--force'; install-sql --help lists the options\n",
  })
  expect((await installSql(['--check', '--uninstall'])).stderr).toBe(
    'install-sql: --print, --check and --uninstall exclude each other; give one of them\n',
  )
})

describe('a server that cannot be reached', () => {
  test('nothing listens', async () => {
    const port = await closedPort()
    expect(await lineFor(`postgres://app:secret@127.0.0.1:${port}/shop`)).toBe(
      `nothing listens at 127.0.0.1:${port}; start the database server, or correct the host and port in DATABASE_URL`,
    )
  })

  test('the host does not exist', async () => {
    expect(await lineFor('postgres://app:secret@no-such-host.invalid/shop')).toMatch(
      /^the host of no-such-host\.invalid:5432 (is not known|could not be looked up); /,
    )
  })

  test('it does not answer', async () => {
    const port = await serverThat((socket) => socket.pause())
    expect(await lineFor(`postgres://app:secret@127.0.0.1:${port}/shop?connect_timeout=1`)).toBe(
      `127.0.0.1:${port} did not answer; check the host, the port, and that no firewall stands between`,
    )
  })

  test('it is something else', async () => {
    const port = await serverThat((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    expect(await lineFor(`postgres://app:secret@127.0.0.1:${port}/shop`)).toBe(
      `what answers at 127.0.0.1:${port} is no Postgres server; correct the host and port in DATABASE_URL`,
    )
  })

  test('it hangs up', async () => {
    const port = await serverThat((socket) => socket.destroy())
    expect(await lineFor(`postgres://app:secret@127.0.0.1:${port}/shop`)).toBe(
      `127.0.0.1:${port} closed the connection at once; check that it is a Postgres server and accepts this client`,
    )
  })
})

describe('a server that refuses', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await ownServer({ auth: 'scram' })
  })

  test('the password is wrong', async () => {
    const line = await lineFor(`postgres://postgres:secret@127.0.0.1:${server.port}/postgres`)
    expect(line).toBe(
      `the password of role "postgres" is wrong at 127.0.0.1:${server.port}; correct it in DATABASE_URL`,
    )
  })

  test('the database does not exist', async () => {
    const url = new URL(server.url)
    url.pathname = '/shop'
    expect(await lineFor(url.href)).toBe(
      `there is no database "shop" at 127.0.0.1:${server.port}; make it with: create database "shop", or correct DATABASE_URL`,
    )
    const { code, stderr } = await installSql(['--database-url', url.href])
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `install-sql: there is no database "shop" at 127.0.0.1:${server.port}; make it with: create database "shop", or correct --database-url\n`,
    })
  })

  test('the database takes no connections', async () => {
    const url = new URL(server.url)
    const admin = connect(server.url, { max: 1 })
    await admin.unsafe('create database closed allow_connections false')
    await admin.end()
    url.pathname = '/closed'
    expect(await lineFor(url.href)).toBe(
      `database "closed" at 127.0.0.1:${server.port} takes no connections; let it with: alter database "closed" allow_connections true, or correct DATABASE_URL`,
    )
  })

  test('it is starting or stopping', async () => {
    const port = await serverThat((socket) => {
      socket.once('data', () => {
        socket.write('N')
        socket.once('data', () => socket.end(errorResponse('57P03', 'the database system is starting up')))
      })
    })
    expect(await lineFor(`postgres://app:secret@127.0.0.1:${port}/shop`)).toBe(
      `127.0.0.1:${port} is starting or stopping; try again in some seconds`,
    )
  })

  test('rowhook is not installed', async () => {
    const { url } = await createDatabase({ template: false })
    expect(await lineFor(url)).toBe(
      'rowhook is not installed in this database; run install-sql, or correct DATABASE_URL',
    )
    expect((await installSql(['--check', `--database-url=${url}`])).stderr).toBe(
      'install-sql: rowhook is not installed in this database; run install-sql, or correct --database-url\n',
    )
    expect(await rowhook(['start', '--no-api'], { DATABASE_URL: url })).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'rowhook: rowhook is not installed in this database. Run: npx install-sql, or correct DATABASE_URL.\n',
    })
    expect((await rowhook(['sinks'], { DATABASE_URL: url })).stderr).toMatch(
      /^rowhook: .*npx install-sql, or correct the DATABASE_URL/,
    )
  })
})

describe('TLS', () => {
  const ours = createAuthority('ours')
  const folder = mkdtempSync(join(tmpdir(), 'rowhook-tls-'))
  const rootFile = join(folder, 'root.pem')
  let server: PostgresServer
  beforeAll(async () => {
    atEnd(() => rmSync(folder, { recursive: true }))
    writeFileSync(rootFile, ours.certificate)
    server = await ownServer({ tls: ours.issue('database', { hosts: ['127.0.0.1'] }) })
  })
  const urlWith = (parameters: string, host = '127.0.0.1') =>
    `postgres://postgres@${host}:${server.port}/postgres?${parameters}`
  const isReached = 'rowhook is not installed in this database; run install-sql, or correct DATABASE_URL'

  test.each(['', 'sslmode=prefer', 'sslmode=require', 'sslmode=no-verify', 'ssl=true', 'sslmode=disable'])(
    'a certificate of an unknown authority will do with "%s"',
    async (parameters) => {
      expect(await lineFor(urlWith(parameters))).toBe(isReached)
    },
  )

  test('it must be trusted with sslmode=verify-full', async () => {
    expect(await lineFor(urlWith('sslmode=verify-full'))).toMatch(
      /^the certificate of 127\.0\.0\.1:\d+ is not trusted \(\w+\); add sslrootcert=/,
    )
    expect(await lineFor(urlWith(`sslmode=verify-full&sslrootcert=${rootFile}`))).toBe(isReached)
  })

  test('its name must fit with sslmode=verify-full, and need not with verify-ca', async () => {
    const elsewhere = await lineFor(urlWith(`sslmode=verify-full&sslrootcert=${rootFile}`, 'localhost'))
    expect(elsewhere).toMatch(/^the certificate of localhost:\d+ is for another name; /)
    expect(await lineFor(urlWith(`sslmode=verify-ca&sslrootcert=${rootFile}`, 'localhost'))).toBe(isReached)
    expect(await lineFor(urlWith(`sslmode=require&sslrootcert=${rootFile}`, 'localhost'))).toBe(isReached)
  })

  test('a server without TLS is refused with sslmode=require', async () => {
    const { url } = await createDatabase({ template: false })
    expect(await lineFor(`${url}?sslmode=require`)).toMatch(
      /^127\.0\.0\.1:\d+ does not speak TLS, and DATABASE_URL asks for it; /,
    )
  })
})

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function serverThat(greets: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    greets(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  atEnd(() => void server.close())
  return (server.address() as AddressInfo).port
}

/** What a server says when it will not have us: severity, code and message. */
function errorResponse(code: string, message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`)
  const head = Buffer.alloc(5)
  head.write('E')
  head.writeInt32BE(fields.length + 4, 1)
  return Buffer.concat([head, fields])
}
