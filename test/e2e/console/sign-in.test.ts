import type { Browser } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Stage, setStage } from '../../support/delivery.ts'
import { adminToken } from '../../support/rowhook-process.ts'
import { openBrowser, openTab, signIn } from './browser.ts'

let stage: Stage
let browser: Browser

beforeAll(async () => {
  stage = await setStage({ args: ['--no-dispatch'] })
  browser = await openBrowser()
})

const url = (path: string) => stage.rowhook.url + path

/** Signs in without a browser; returns the cookie and the token that forms carry. */
async function session(token = adminToken): Promise<{ cookie: string; formToken: string }> {
  const answer = await fetch(url('/sign-in'), {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ token, next: '/sinks' }),
  })
  expect(answer.status).toBe(303)
  const cookie = answer.headers.get('set-cookie')!.split(';')[0]!
  const page = await (await fetch(url('/sinks'), { headers: { cookie } })).text()
  return { cookie, formToken: /name="form_token"\s+value="([^"]+)"/.exec(page)![1]! }
}

const send = (path: string, cookie: string, fields: Record<string, string>, headers = {}) =>
  fetch(url(path), {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie, ...headers },
    body: new URLSearchParams(fields),
  })

describe('signing in', () => {
  test('asks for a token, says when it is wrong, and leads to the page that was asked for', async () => {
    const { page, faults } = await openTab(browser, stage.rowhook.url)
    await page.goto('/tables')
    await page.getByLabel('API token').fill('wrong')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('This token is unknown, expired or revoked.').waitFor()
    await page.getByLabel('API token').fill(adminToken)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('heading', { name: 'Tables' }).waitFor()
    // the browser itself notes the refused sign-in
    expect(faults.filter((fault) => !fault.includes('401'))).toEqual([])
  })

  test('keeps the token in a cookie that scripts and other sites cannot use', async () => {
    const { page } = await openTab(browser, stage.rowhook.url)
    await signIn(page)
    const [cookie] = await page.context().cookies()
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/' })
    expect(decodeURIComponent(cookie!.value)).not.toContain(adminToken)
    expect(await page.evaluate('document.cookie')).toBe('')
  })

  test('is marked Secure behind a proxy that speaks https', async () => {
    const answer = await fetch(url('/sign-in'), {
      method: 'POST',
      redirect: 'manual',
      headers: { 'x-forwarded-proto': 'https' },
      body: new URLSearchParams({ token: adminToken }),
    })
    expect(answer.headers.get('set-cookie')).toContain('Secure')
  })

  test.each(['//evil.example/', '/\\evil.example', 'https://evil.example/', 'javascript:alert(1)'])(
    'never leads to another site: %s',
    async (next) => {
      const answer = await fetch(url('/sign-in'), {
        method: 'POST',
        redirect: 'manual',
        body: new URLSearchParams({ token: adminToken, next }),
      })
      expect(answer.headers.get('location')).toBe('/sinks')
    },
  )

  test('ends with the button, and every page asks again', async () => {
    const { page } = await openTab(browser, stage.rowhook.url)
    await signIn(page)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.waitForURL('**/sign-in')
    await page.goto('/sinks')
    expect(new URL(page.url()).pathname).toBe('/sign-in')
  })

  test('ends when the token is revoked', async () => {
    const { body } = await stage.rowhook.api('POST', '/api/tokens', { name: 'guest', scopes: ['read'] })
    const { cookie } = await session(body.token)
    await stage.rowhook.api('DELETE', `/api/tokens/${body.id}`)
    const answer = await fetch(url('/sinks'), { headers: { cookie }, redirect: 'manual' })
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/sign-in?ended=1'])
    expect(answer.headers.get('set-cookie')).toContain('Max-Age=0')
  })

  test('ends what is told live: with the session, and when the process stops', async () => {
    const { cookie, formToken } = await session()
    const other = await session()
    const follow = async (at: string, as: string) => {
      const answer = await fetch(`${at}/live`, { headers: { cookie: as } })
      expect(answer.headers.get('content-type')).toBe('text/event-stream')
      expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'")
      const reader = answer.body!.getReader()
      expect(Buffer.from((await reader.read()).value!).toString()).toContain('event: ready')
      return async () => {
        // rejects where the connection is torn and not ended
        while (!(await reader.read()).done);
      }
    }
    const ended = await follow(stage.rowhook.url, cookie)
    let othersEnded = false
    const others = (await follow(stage.rowhook.url, other.cookie))().then(() => (othersEnded = true))
    await send('/sign-out', cookie, { form_token: formToken })
    await ended()
    expect(othersEnded).toBe(false)
    expect((await fetch(url('/live'))).status).toBe(401)
    await send('/sign-out', other.cookie, { form_token: other.formToken })
    await others

    const process = await stage.another({ args: ['--no-dispatch'] })
    const last = await follow(process.url, cookie)
    const { code } = await process.kill()
    await last()
    expect(code).toBe(0)
  })

  test('a token that may only read is told so when it tries to change something', async () => {
    const { body } = await stage.rowhook.api('POST', '/api/tokens', { name: 'reader', scopes: ['read'] })
    const { cookie, formToken } = await session(body.token)
    const answer = await send('/endpoints', cookie, {
      form_token: formToken,
      name: 'x',
      url: 'https://example.com/',
    })
    expect(answer.status).toBe(403)
    expect(await answer.text()).toContain('this needs a token with the scope write')
  })
})

describe('a form', () => {
  const fields = { name: 'made', url: 'https://example.com/' }

  test('is taken with the token of its session', async () => {
    const { cookie, formToken } = await session()
    expect((await send('/endpoints', cookie, { ...fields, form_token: formToken })).status).toBe(200)
  })

  test.each([
    ['without a form token', {}, {}],
    ['with a made-up form token', { form_token: 'a'.repeat(43) }, {}],
    ['from another site', 'own', { origin: 'https://evil.example' }],
    ['from a frame without an origin', 'own', { origin: 'null' }],
    ['that a browser calls cross-site', 'own', { 'sec-fetch-site': 'cross-site' }],
  ])('%s changes nothing', async (_, token, headers) => {
    const { cookie, formToken } = await session()
    const own = token === 'own' ? { form_token: formToken } : (token as object)
    const answer = await send('/endpoints', cookie, { ...fields, name: 'foreign', ...own }, headers)
    expect(answer.status).toBe(403)
    expect((await stage.rowhook.api('GET', '/api/endpoints/foreign')).status).toBe(404)
  })

  test('of one session is refused in another', async () => {
    const [mine, other] = [await session(), await session()]
    const answer = await send('/endpoints', mine.cookie, { ...fields, form_token: other.formToken })
    expect(answer.status).toBe(403)
  })
})

describe('every page', () => {
  test.each(['/sign-in', '/sinks', '/sinks/none', '/tokens'])(
    '%s forbids inline scripts, other hosts and frames',
    async (path) => {
      const { cookie } = await session()
      const { headers } = await fetch(url(path), { headers: { cookie }, redirect: 'manual' })
      const policy = headers.get('content-security-policy')!
      expect(policy).toContain("default-src 'none'")
      expect(policy).toContain("script-src 'self'")
      expect(policy).toContain("frame-ancestors 'none'")
      expect(policy).not.toContain('unsafe')
      expect(headers.get('cache-control')).toBe('no-store')
    },
  )

  test('runs no script that got into it', async () => {
    const { page, faults } = await openTab(browser, stage.rowhook.url)
    await signIn(page)
    await page.evaluate(
      `document.body.insertAdjacentHTML('beforeend', '<img src=x onerror="window.pwned = 1">')`,
    )
    await expect.poll(() => faults.join(' ')).toContain('Content Security Policy')
    expect(await page.evaluate('window.pwned')).toBeUndefined()
  })

  test('that does not exist is said in words, and the API stays JSON', async () => {
    const { cookie } = await session()
    const answer = await fetch(url('/sinks/none'), { headers: { cookie } })
    expect(answer.status).toBe(404)
    expect(await answer.text()).toContain('there is no sink &quot;none&quot;')
    expect((await fetch(url('/api/none'))).headers.get('content-type')).toContain('json')
  })
})

describe('whoever tries tokens', () => {
  test('is kept waiting after twenty', async () => {
    const attempt = async (token: string) =>
      fetch(url('/sign-in'), { method: 'POST', redirect: 'manual', body: new URLSearchParams({ token }) })
    for (let i = 0; i < 20; i += 1) await attempt(`guess-${i}`)
    const refused = await attempt('guess-20')
    expect(refused.status).toBe(429)
    expect(await refused.text()).toContain('too many wrong tokens came from this address')
    expect((await attempt(adminToken)).status).toBe(303)
  })
})
