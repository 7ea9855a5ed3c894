// The npm package as another project gets it: packed, installed with its declared dependencies only,
// and run through npx.
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { atEnd } from '../support/at-end.ts'
import { type Outcome, run } from '../support/command.ts'
import { createDatabase } from '../support/database.ts'

const repository = join(import.meta.dirname, '../..')
const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { version: string }

/** npm and npx run on this process's Node, whichever the machine has. */
const withNode = { PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}` }

describe('in another project', () => {
  let project: string
  let offline = false
  const npx = async (args: string[], env = {}): Promise<Outcome> =>
    run('npx', ['--no-install', ...args], { cwd: project, env: { ...withNode, ...env } })

  beforeAll(async () => {
    project = mkdtempSync(join(tmpdir(), 'rowhook-pack-'))
    atEnd(() => rmSync(project, { recursive: true }))
    const packed = await run('npm', ['pack', '--pack-destination', project], {
      cwd: repository,
      env: withNode,
    })
    if (packed.code !== 0) throw new Error(packed.stderr)
    const [tarball] = readdirSync(project)
    writeFileSync(join(project, 'package.json'), '{"name": "shop", "private": true}')
    const installed = await run(
      'npm',
      ['install', '--prefer-offline', '--no-audit', '--no-fund', `./${tarball}`],
      {
        cwd: project,
        env: withNode,
      },
    )
    offline = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT/.test(installed.stderr)
    if (!offline && installed.code !== 0) throw new Error(installed.stderr)
  }, 180_000)

  test('npx install-sql installs, and npx rowhook answers', async ({ skip }) => {
    skip(offline, 'no npm registry within reach')
    const { url } = await createDatabase({ template: false })
    const env = { DATABASE_URL: url }
    expect(await npx(['install-sql'], env)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`rowhook ${version} is installed\n`),
    })
    expect((await npx(['install-sql', '--check'], env)).code).toBe(0)
    expect(await npx(['rowhook', '--help'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Usage: rowhook <command>/),
    })
    expect((await npx(['install-sql', '--uninstall'], env)).code).toBe(0)
  })

  test('the package holds what runs, and nothing of the tests or the demo', async ({ skip }) => {
    skip(offline, 'no npm registry within reach')
    const files = readdirSync(join(project, 'node_modules/rowhook'))
    expect(files.toSorted()).toEqual(
      expect.arrayContaining(['CHANGELOG.md', 'LICENSE', 'bin', 'dist', 'package.json', 'sql']),
    )
    for (const name of ['test', 'src', '.rowhook', 'node_modules']) expect(files).not.toContain(name)
    expect(readdirSync(join(project, 'node_modules/rowhook/dist'))).not.toContain('embedded')
  })
})

test('npx finds the commands in this repository too', async () => {
  const { code, stdout } = await run('npx', ['install-sql', '--version'], { cwd: repository, env: withNode })
  expect({ code, stdout }).toEqual({ code: 0, stdout: `${version}\n` })
})
