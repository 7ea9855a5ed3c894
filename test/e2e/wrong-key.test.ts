import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { rowhook } from '../support/command.ts'
import { createDatabase } from '../support/database.ts'
import { adminToken, encryptionKey, startRowhook } from '../support/rowhook-process.ts'

test('a start without the key that secrets were stored with ends with one line that says so', async () => {
  const { url } = await createDatabase()
  const first = await startRowhook({ url })
  await first.api('POST', '/api/endpoints', { name: 'app', url: 'https://app.example.com/' })
  await first.kill()

  const other = randomBytes(32).toString('base64')
  for (const [key, says] of [
    ['', 'ROWHOOK_ENCRYPTION_KEY is not set, but this database holds encrypted secrets. '],
    [other, 'ROWHOOK_ENCRYPTION_KEY reads none of the secrets that this database holds. '],
  ]) {
    const outcome = await rowhook(['start'], {
      DATABASE_URL: url,
      ROWHOOK_PORT: '0',
      ROWHOOK_ADMIN_TOKEN: adminToken,
      ...(key === '' ? {} : { ROWHOOK_ENCRYPTION_KEY: key! }),
    })
    expect(outcome).toMatchObject({ code: 1, stdout: '' })
    expect(outcome.stderr).toMatch(/^rowhook: [^\n]*\n$/)
    expect(outcome.stderr).toContain(says)
  }

  // with both it starts, and with the newer alone as soon as that one reads something
  const env = { ROWHOOK_ENCRYPTION_KEY: `${other},${encryptionKey}` }
  await (await startRowhook({ url, env })).kill()
  expect(await rowhook(['endpoints', 'update', 'app'], { DATABASE_URL: url, ...env })).toMatchObject({
    code: 0,
    stderr: '',
  })
  const newer = await startRowhook({ url, env: { ROWHOOK_ENCRYPTION_KEY: other } })
  const { body } = await newer.api('GET', '/api/doctor')
  expect(body.findings.filter(({ check }: { check: string }) => check === 'secrets')).toMatchObject([
    { level: 'ok' },
  ])
})
