import type { Browser } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Stage, type TestSink, setStage } from '../../support/delivery.ts'
import { eventually } from '../../support/eventually.ts'
import { insertItems } from '../../support/items.ts'
import { seriousFaults } from './accessibility.ts'
import { openBrowser, openTab, signIn } from './browser.ts'

let stage: Stage
let browser: Browser
let sink: TestSink
let failing: string

beforeAll(async () => {
  stage = await setStage()
  browser = await openBrowser()
  sink = await stage.sink({
    respond: ({ messages }) => (messages[0]?.record?.['id'] === 2 ? { status: 500, body: 'broken' } : {}),
  })
  await insertItems(stage.database.sql, sink.table, 1, 5)
  await sink.receiver.waitFor(4)
  failing = await eventually(async () => {
    const { data } = await sink.call('GET', '/messages?state=failing')
    if (data.length === 0) throw new Error('nothing fails yet')
    return data[0].event_id
  })
  await stage.rowhook.api('POST', '/api/tokens', { name: 'reader', scopes: ['read'] })
  await sink.call('POST', '/backfills', { tables: [{ name: sink.table }] })
})

const pages = (): string[] => [
  '/sinks',
  ...['', '/messages', '/deliveries', '/backfills', '/replays', '/edit', '/delete'].map(
    (tab) => `/sinks/${sink.name}${tab}`,
  ),
  `/sinks/${sink.name}/messages/${failing}`,
  `/sinks/${sink.name}/messages?state=failing`,
  '/setup',
  `/setup?table=public.${sink.table}`,
  `/setup/endpoint?table=public.${sink.table}`,
  `/setup/changes?table=public.${sink.table}&endpoint=${sink.name}`,
  '/endpoints',
  `/endpoints/${sink.name}`,
  '/tables',
  `/tables/public.${sink.table}`,
  `/tables/public.${sink.table}/history?key=1`,
  '/tokens',
  '/audit',
  '/doctor',
]

describe('every page', () => {
  test.each([
    { colorScheme: 'light', width: 1600, rules: undefined },
    // the same elements in other colours
    { colorScheme: 'dark', width: 360, rules: ['color-contrast'] },
  ] as const)(
    'fits a window of $width px, and has no serious accessibility fault and no error ($colorScheme)',
    async ({ colorScheme, width, rules }) => {
      const viewport = { width, height: 800 }
      const { page, faults } = await openTab(browser, stage.rowhook.url, { colorScheme, viewport })
      const found: string[] = []
      const examine = async (path: string) => {
        for (const fault of await seriousFaults(page, rules)) found.push(`${path} ${fault}`)
        const isWider = 'document.documentElement.scrollWidth > document.documentElement.clientWidth'
        if (await page.evaluate(isWider)) found.push(`${path} is wider than the window`)
      }
      await page.goto('/sign-in')
      await examine('/sign-in')
      await signIn(page)
      for (const path of pages()) {
        const answer = await page.goto(path)
        expect(answer!.status(), path).toBe(200)
        await examine(path)
      }
      expect(found).toEqual([])
      expect(faults).toEqual([])
      // the measures themselves work
      await page.evaluate(`{
        const [heading, words] = [document.querySelector('h1'), document.querySelector('p')]
        heading.innerHTML = '<img src="/assets/none.png">'
        document.body.style.width = '3000px'
        words.style.color = '#666'
      }`)
      await examine('spoilt')
      expect(found).toHaveLength(2)
    },
  )

  test('is used with the keyboard alone', async () => {
    const { page } = await openTab(browser, stage.rowhook.url)
    await signIn(page)
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the content')
    await page.getByRole('link', { name: sink.name }).first().focus()
    await page.keyboard.press('Enter')
    await page.waitForURL(`**/sinks/${sink.name}`)
  })

  test('shows times in the zone of the person, and the exact one on hover', async () => {
    const { page } = await openTab(browser, stage.rowhook.url, {
      timezoneId: 'Asia/Kathmandu',
      locale: 'en-GB',
    })
    await signIn(page)
    await page.goto('/audit')
    const time = page.locator('time').first()
    const at = await time.getAttribute('datetime')
    const there = new Intl.DateTimeFormat('en-GB', {
      dateStyle: 'short',
      timeStyle: 'medium',
      timeZone: 'Asia/Kathmandu',
    })
    await expect.poll(() => time.textContent()).toBe(there.format(new Date(at!)))
    expect(await time.getAttribute('title')).toContain(at)
  })
})

describe('endpoints, tables and tokens', () => {
  test('an endpoint is tested, and a new secret is shown once', async () => {
    const { page, faults } = await openTab(browser, stage.rowhook.url)
    await signIn(page)
    await page.goto(`/endpoints/${sink.name}`)
    await page.getByRole('button', { name: 'Send a test message' }).click()
    await page.getByText('Answered 200').waitFor()
    await page.getByRole('button', { name: 'Make a new secret' }).click()
    const secret = await page.getByRole('region', { name: 'Signing secret' }).textContent()
    expect(secret).toMatch(/^whsec_/)
    await page.goto(`/endpoints/${sink.name}`)
    expect(await page.content()).not.toContain(secret)
    await page.getByText('signs until').waitFor()
    expect(faults).toEqual([])
  })

  test('the history of a table is kept, and no longer', async () => {
    const { page } = await openTab(browser, stage.rowhook.url)
    page.on('dialog', (dialog) => void dialog.accept())
    await signIn(page)
    await page.goto(`/tables/public.${sink.table}`)
    await page.getByLabel('Keep every change for').fill('a while')
    await page.getByRole('button', { name: 'Keep the history' }).click()
    await page.locator('#f-keep[aria-invalid=true]').waitFor()
    await page.getByLabel('Keep every change for').fill('2 days')
    await page.getByRole('button', { name: 'Keep the history' }).click()
    await page.getByRole('cell', { name: '2 days' }).waitFor()
    await page.getByRole('link', { name: `public.${sink.table}` }).click()
    await page.getByRole('button', { name: 'Stop keeping it' }).click()
    await page.getByText('no longer kept').waitFor()
    expect(await page.getByRole('cell', { name: '2 days' }).count()).toBe(0)
  })

  test('the log has a size, and a row a history', async () => {
    const { sql } = stage.database
    await sql.unsafe('call rowhook.maintain()')
    await sql`create table parts (id int, version int, note text, primary key (id, version))`
    const { name } = await stage.sink({ table: 'parts' })
    await sql`insert into parts values (7, 1, 'new')`
    await sql`update parts set note = 'better'`
    await sql`update parts set version = 2`
    const { page, faults } = await openTab(browser, stage.rowhook.url)
    await signIn(page)
    await page.goto('/tables')
    await page.getByRole('heading', { name: 'Size of the log' }).waitFor()
    const today = new Date().getUTCDate()
    expect(
      await page
        .locator('#log')
        .getByRole('row')
        .filter({ hasText: new RegExp(`\\b${today} \\w+ 20`) })
        .textContent(),
    ).toMatch(/[1-9].* kB/)
    await page.goto(`/sinks/${name}/messages`)
    await page.getByRole('row').filter({ hasText: 'insert' }).getByRole('link').first().click()
    await page.getByRole('link', { name: 'all that happened to it' }).click()
    await page.getByRole('heading', { name: 'Row 7:1' }).waitFor()
    const changes = page.locator('.timeline > li')
    await expect.poll(() => changes.count()).toBe(3)
    await changes.nth(1).locator('summary').click()
    expect(await changes.nth(1).locator('del').textContent()).toBe('new')
    expect(await changes.nth(1).locator('ins').textContent()).toBe('better')
    await page.getByLabel('Key (id, version)').fill('7:3')
    await page.getByRole('button', { name: 'Show' }).click()
    await page.getByText('No retained change of a row with this key').waitFor()
    expect(faults).toEqual([])
  })

  test('an endpoint keeps what its form does not show', async () => {
    const { page } = await openTab(browser, stage.rowhook.url)
    await signIn(page)
    const url = 'https://mtls.example.com/'
    await stage.rowhook.api('POST', '/api/endpoints', {
      name: 'mtls',
      url,
      encrypted_headers: { authorization: 'Bearer 1', 'x-key': '2' },
    })
    await page.goto('/endpoints/mtls')
    await page.getByLabel('Secret headers').fill('x-key:')
    await page.getByText('Certificates and an own signing secret').click()
    await page.getByLabel('CA certificate').fill('no certificate')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.locator('#f-ca_certificate[aria-invalid=true]').waitFor()
    await page.getByLabel('CA certificate').fill('')
    await page.getByLabel('Secret headers').fill('x-key:')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText('Saved.').waitFor()
    const { body } = await stage.rowhook.api('GET', '/api/endpoints/mtls')
    expect(body).toMatchObject({ url, encrypted_headers: { authorization: '***' }, ca_certificate: null })
    expect(Object.keys(body.encrypted_headers)).toEqual(['authorization'])
  })

  test('a token is made, shown once, and revoked', async () => {
    const { page } = await openTab(browser, stage.rowhook.url)
    page.on('dialog', (dialog) => void dialog.accept())
    await signIn(page)
    await page.goto('/tokens')
    await page.getByLabel('Name').fill('ci')
    await page.getByRole('button', { name: 'Make the token' }).click()
    const token = await page.getByRole('region', { name: 'Token', exact: true }).textContent()
    const authorization = { authorization: `Bearer ${token}` }
    expect((await stage.rowhook.api('GET', '/api/sinks', undefined, authorization)).status).toBe(200)
    await page.getByRole('button', { name: 'Revoke ci' }).click()
    await page.getByText('The token is revoked.').waitFor()
    expect((await stage.rowhook.api('GET', '/api/sinks', undefined, authorization)).status).toBe(401)
  })
})
