// The demo on a database of its own, as `make demo ONCE=1` runs it, and the README's picture of it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { printers } from '../../src/demo/print.ts'
import { atEnd } from '../support/at-end.ts'
import { createDatabase } from '../support/database.ts'

const root = join(import.meta.dirname, '../..')

interface Body {
  data: { action: string; record: Record<string, unknown>; changes: Record<string, unknown> | null }[]
}

async function runOnce(
  url: string,
  env: Record<string, string> = {},
): Promise<{ code: number; bodies: Body[]; output: string; errors: string }> {
  const child = spawn(process.execPath, [join(root, 'src/demo/main.ts')], {
    env: { PATH: process.env['PATH']!, DATABASE_URL: url, ONCE: '1', ROWHOOK_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [output, errors, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ])
  const bodies = output.split('\n').flatMap((l) => (l.startsWith('{') ? [JSON.parse(l) as Body] : []))
  return { code: code as number, bodies, output, errors }
}

const shown = (bodies: Body[]): string[] =>
  bodies.flatMap((b) =>
    b.data.map((m) => {
      let line = ''
      const write = process.stdout.write
      process.stdout.write = ((chunk: string) => ((line += chunk), true)) as typeof write
      try {
        const metadata = {
          table_name: 'orders',
          commit_timestamp: new Date().toISOString(),
          record_pks: ['1'],
        }
        printers(true).webhook({ body: '', messages: [{ ...m, record: m.record, metadata }], at: Date.now() })
      } finally {
        process.stdout.write = write
      }
      return stripVTControlCharacters(line)
        .replace(/#\d+/, '#')
        .replace(/\d+ ms/, 'ms')
        .trim()
    }),
  )

test('every webhook of the demo arrives and is printed as one line of JSON, twice on one database, and the README shows the same', async () => {
  const db = await createDatabase({ template: false })
  const first = await runOnce(db.url)
  expect(first.errors).toBe('')
  expect(first.code).toBe(0)
  expect(first.bodies.flatMap((b) => b.data).length).toBe(6)
  expect(first.output).toMatch(/^admin API: http:\/\/127\.0\.0\.1:\d+\ntoken: \S+$/m)

  const second = await runOnce(db.url)
  expect(second.code).toBe(0)
  expect(shown(second.bodies).toSorted()).toEqual(shown(first.bodies).toSorted())

  const [, picture] = /<!-- demo -->\n```\n([^]*?)```\n<!-- \/demo -->/.exec(
    readFileSync(join(root, 'README.md'), 'utf8'),
  )!
  const lines = picture!
    .split('\n')
    .filter((l) => l.includes('#'))
    .map((l) =>
      l
        .replace(/#\d+/, '#')
        .replace(/\d+ ms/, 'ms')
        .trim(),
    )
  expect(lines.toSorted()).toEqual(shown(first.bodies).toSorted())
  const [summary] = picture!.split('\n')
  expect(summary).toMatch(/^sink demo-orders: rowhook_demo\.orders where total >= 50 → http:/)
})

test.each([
  ['no URL', 'foo', {}, 'demo: DATABASE_URL is not a Postgres URL; it looks like postgres://'],
  ['a server that is not there', 'postgres://u:secret@127.0.0.1:1/shop', {}, 'demo: DATABASE_URL: '],
])('a DATABASE_URL of %s ends it with one line', async (_, url, env, words) => {
  const { code, errors } = await runOnce(url, env)
  expect(code).toBe(1)
  expect(errors).toContain(words)
  expect(errors.trim().split('\n')).toHaveLength(1)
  expect(errors).not.toContain('secret')
})

test('a port that is none ends it with one line, and one that is taken is replaced by another', async () => {
  const db = await createDatabase({ template: false })
  const wrong = await runOnce(db.url, { ROWHOOK_PORT: 'abc' })
  expect(wrong).toMatchObject({ code: 1, errors: expect.stringMatching(/^demo: ROWHOOK_PORT [^\n]+\n$/) })

  const other = createServer().listen(0, '127.0.0.1')
  atEnd(() => void other.close())
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const { code, output, errors } = await runOnce(db.url, { ROWHOOK_PORT: String(port) })
  expect(code).toBe(0)
  expect(errors).toContain(`port ${port} is taken`)
  expect(/^admin API: http:\/\/127\.0\.0\.1:(\d+)$/m.exec(output)?.[1]).not.toBe(String(port))
})
