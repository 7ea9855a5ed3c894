import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { commands } from '../../../src/cli/commands.ts'
import { parseConfigDocument } from '../../../src/api/document/parse.ts'
import { substitute } from '../../../src/cli/substitute.ts'

const read = (name: string) => readFileSync(join(import.meta.dirname, '../../../docs', name), 'utf8')

test('docs/cli.md names every command', () => {
  const text = read('cli.md')
  const missing = commands.filter(({ path }) => {
    const [first, verb] = path.split(' ') as [string, string?]
    const line = text
      .split('\n')
      .find(
        (each) =>
          each.startsWith('| ') && each.includes(`${first}`) && (verb === undefined || each.includes(verb)),
      )
    return line === undefined
  })
  expect(missing.map(({ path }) => path)).toEqual([])
})

test('the document in docs/configuration.md is one', () => {
  const [, yaml] = /```yaml\n([\s\S]*?)```/.exec(read('configuration.md'))!
  const value = substitute(yaml!, { APP_TOKEN: 'x' }, 'rowhook.yml')
  expect(parseConfigDocument(JSON.stringify(value))).toMatchObject({
    endpoints: [{ url: 'https://app.example.com/hooks', encrypted_headers: { authorization: 'Bearer x' } }],
    sinks: [{ name: 'orders', batch_size: 10 }],
    retentions: [{ keep: '30 days' }],
  })
})
