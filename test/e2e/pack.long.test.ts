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

/** npm and npx run on this process's Node, whichever the machine has, and reach the registry as it does. */
const withNode = {
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) =>
      /^(npm_config_|https?_proxy|no_proxy|node_extra_ca|ssl_cert)/i.test(name),
    ),
  ),
  NODE_USE_SYSTEM_CA: '1',
  PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
}

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
    const registry = await run('npm', ['view', 'postgres', 'version', '--fetch-retries=0'], { env: withNode })
    offline = registry.code !== 0
    if (offline) return
    const installed = await run(
      'npm',
      ['install', '--prefer-offline', '--no-audit', '--no-fund', `./${tarball}`],
      {
        cwd: project,
        env: withNode,
      },
    )
    if (installed.code !== 0) throw new Error(installed.stderr)
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
      stdout: expect.stringContaining('Usage: rowhook <command>'),
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
