// `node test/bench/capture/instructions.ts`: what capture costs a single-row statement, counted instead of timed: the
// instructions that a backend executes for it, by valgrind (Debian's package). A clock says little on a machine
// with other work; this says the same to within a tenth of a percent. `callgrind_annotate --inclusive=yes` on the
// files that it names shows where they go.
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from '../../../src/db/connect.ts'
import { install } from '../../../src/db/install.ts'
import { readRelease } from '../../../src/db/release.ts'
import { serverAccount } from '../../../src/embedded/account.ts'
import { binariesFor, bundledMajor } from '../../../src/embedded/binaries.ts'
import { startPostgres } from '../../../src/embedded/postgres.ts'
import { fill, makeTables, statement, type Variant } from './tables.ts'

const variants: Variant[] = ['bare', 'trigger', 'definer', 'log', 'one']
const actions = ['insert', 'update', 'delete'] as const
const loops = { 'in one transaction': '', 'a transaction each': 'commit;' }
/** Statements that are counted; before them come some that make the session's plans. */
const counted = 300
const warming = 20

const folder = mkdtempSync(join(tmpdir(), 'rowhook-instructions-'))
chmodSync(folder, 0o755)
const account = serverAccount(join(folder, 'data'))
const server = await startPostgres({ dataDir: join(folder, 'data') })
await install(server.url, readRelease())
const sql = connect(server.url, { max: 1 })
await makeTables(sql, variants)
for (const variant of variants) await fill(sql, variant, counted + 2 * warming)
await sql`analyze`
await sql.end()
await server.stop()

/** Thousands of instructions for one statement. */
function count(variant: Variant, action: (typeof actions)[number], commit: string): number {
  const data = join(folder, 'copy')
  spawnSync('rm', ['-rf', data])
  spawnSync('cp', ['-aH', server.dataDir, data])
  const out = join(folder, [variant, action, commit === '' ? 'one' : 'each', 'callgrind'].join('.'))
  writeFileSync(out, '')
  if (account.uid !== undefined) chownSync(out, account.uid, account.gid)
  const write = statement(variant, { action, rows: 1 })
  const start = action === 'insert' ? 10_000 : 0
  const loop = (from: string, times: number) => `$loop$ declare v_at int := ${start} + ${from}; begin
    for n in 1..${times} loop ${write}; v_at := v_at + 1; ${commit} end loop; end $loop$`
  const input = [
    // a few rows tempt the planner to read all of the table
    'set enable_seqscan = off; set enable_bitmapscan = off; set synchronous_commit = off',
    `create procedure bench.warm(first int) language plpgsql as ${loop('first', warming)}`,
    'call bench.warm(1)',
    `call bench.warm(${1 + warming})`,
    `do ${loop(String(1 + 2 * warming), counted)}`,
  ]
  const run = spawnSync(
    'valgrind',
    [
      ['--tool=callgrind', `--callgrind-out-file=${out}`, '--toggle-collect=plpgsql_inline_handler'],
      [join(binariesFor(bundledMajor, account), 'bin/postgres'), '--single', '-j', '-D', data],
      ['-c', 'fsync=off', 'postgres'],
    ].flat(),
    { ...account, cwd: '/', input: input.map((text) => `${text};\n\n`).join(''), encoding: 'utf8' },
  )
  if (run.error !== undefined) throw new Error('valgrind is not installed', { cause: run.error })
  const fault = /(ERROR|FATAL).*/.exec(run.stderr)
  if (fault !== null) throw new Error(`${variant}, ${action}: ${fault[0]}`)
  spawnSync('rm', ['-rf', data])
  return Number(/^(?:totals|summary): (\d+)/m.exec(readFileSync(out, 'utf8'))![1]) / counted / 1000
}

for (const [name, commit] of Object.entries(loops)) {
  for (const action of actions) {
    const taken = variants.map((variant) => [variant, count(variant, action, commit)] as const)
    const of = Object.fromEntries(taken) as Record<Variant, number>
    const list = taken.map(([variant, n]) => `${variant} ${n.toFixed(1)}`).join(', ')
    process.stdout.write(
      `${action} of one row, ${name}, thousands of instructions: ${list}; ` +
        `against the row trigger ${(of.trigger / of.one).toFixed(2)}, one with definer's rights ${(of.definer / of.one).toFixed(2)}, ` +
        `one that writes rowhook's events ${(of.log / of.one).toFixed(2)}\n`,
    )
  }
}
process.stdout.write(`callgrind's files are in ${folder}\n`)
