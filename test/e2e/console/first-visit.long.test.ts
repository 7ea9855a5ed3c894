import type { Browser } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Stage, setStage } from '../../support/delivery.ts'
import { receiver } from '../../support/receiver.ts'
import { openBrowser, openTab, signIn } from './browser.ts'

let stage: Stage
let browser: Browser

beforeAll(async () => {
  stage = await setStage()
  browser = await openBrowser()
})

describe('a first visit', () => {
  test('leads from the empty page to the first delivered webhook', async () => {
    const { sql } = stage.database
    await sql`create table orders (id int primary key, customer text, price numeric, status text)`
    await sql`insert into orders values (1, 'Ada', 250, 'pending'), (2, 'Grace', 20, 'pending')`
    const target = await receiver({ respond: { body: 'hello from the shop' } })
    const { page, faults } = await openTab(browser, stage.rowhook.url)

    await signIn(page)
    await page.getByText('No sink yet.').waitFor()
    await page.getByRole('link', { name: 'Set up the first sink' }).click()

    await page.getByRole('link', { name: 'public.orders' }).click()
    await page.getByRole('cell', { name: 'Grace' }).waitFor()
    await page.getByRole('cell', { name: 'numeric' }).waitFor()
    await page.getByRole('link', { name: 'Use this table' }).click()

    await page.getByLabel('Name').fill('shop')
    await page.getByLabel('URL').fill(target.url)
    await page.getByLabel('Headers', { exact: true }).fill('x-env: test')
    await page.getByLabel('Secret headers').fill('authorization: Bearer top-secret')
    await page.getByRole('button', { name: 'Save the endpoint' }).click()
    expect(await page.getByRole('region', { name: 'Signing secret' }).textContent()).toMatch(/^whsec_/)
    await page.getByRole('button', { name: 'Send a test message' }).click()
    await page.getByText('Answered 200').waitFor()
    await page.getByText('hello from the shop').waitFor()
    expect(target.requests[0]!.headers).toMatchObject({ 'x-env': 'test', authorization: 'Bearer top-secret' })
    await page.getByRole('link', { name: 'Continue' }).click()

    const filter = page.getByLabel('Filter')
    await filter.fill('price > 100 and stauts is not null')
    await page.getByText('At character 17: column "stauts" does not exist').waitFor()
    expect(await page.locator('.editor mark').textContent()).toBe('stauts')
    await filter.fill('price > 100')
    await page.getByText('Valid.').waitFor()
    expect(await page.locator('.editor mark').count()).toBe(0)
    await page.getByLabel('Batch size').fill('10')
    await page.getByRole('button', { name: 'Review' }).click()

    await page.getByText('share row exclusive').waitFor()
    expect((await stage.rowhook.api('GET', '/api/sinks')).body.data).toEqual([])
    await page.getByRole('button', { name: 'Create the sink' }).click()
    await page.getByText('The sink is created').waitFor()
    await page.getByText('Waiting for the first change').waitFor()

    await sql`insert into orders values (3, 'Edsger', 99, 'pending'), (4, 'Barbara', 101, 'pending')`
    // nobody loads the page anew
    await page.getByText('Everything that was captured is delivered.').waitFor()
    await page.locator('.rows').getByText('Answered 200').waitFor()
    expect(target.messages.map(({ record }) => record?.['customer']).slice(1)).toEqual(['Barbara'])
    expect((await stage.rowhook.api('GET', '/api/sinks/orders')).body).toMatchObject({
      endpoint: 'shop',
      batch_size: 10,
      tables: [{ name: 'public.orders', filter: 'price > 100', group_by: null }],
    })
    expect(faults).toEqual([])
  })

  test('works without a script, and what the API refuses stands at its field', async () => {
    const { sql } = stage.database
    await sql`create table invoices (id int primary key, total numeric)`
    const target = await receiver()
    await stage.rowhook.api('POST', '/api/endpoints', { name: 'plain', url: target.url })
    const { page } = await openTab(browser, stage.rowhook.url, { javaScriptEnabled: false })
    await signIn(page)
    await page.goto('/setup/changes?table=public.invoices&endpoint=plain')
    await page.getByLabel('Filter').fill('totl > 1')
    await page.getByLabel('Name of the sink').fill('no good')
    await page.getByRole('button', { name: 'Review' }).click()
    expect(await page.locator('#f-name[aria-invalid=true]').count()).toBe(1)
    await page.getByLabel('Name of the sink').fill('invoices')
    await page.getByRole('button', { name: 'Review' }).click()
    await page.getByText('At character 1: column "totl" does not exist').waitFor()
    expect(await page.locator('.editor mark').textContent()).toBe('totl')
    await page.getByLabel('Filter').fill('total > 1')
    await page.getByRole('button', { name: 'Review' }).click()
    await page.getByRole('button', { name: 'Back' }).click()
    expect(await page.getByLabel('Filter').inputValue()).toBe('total > 1')
    await page.getByRole('button', { name: 'Review' }).click()
    await page.getByRole('button', { name: 'Create the sink' }).click()
    await sql`insert into invoices values (1, 1), (2, 2)`
    const [message] = await target.waitFor(1)
    expect(message!.record).toEqual({ id: 2, total: 2 })
  })

  test('a name that is taken is refused at the review', async () => {
    await stage.rowhook.api('POST', '/api/endpoints', { name: 'taken', url: 'http://127.0.0.1:9/' })
    await stage.database.sql`create table parcels (id int primary key)`
    await stage.rowhook.api('POST', '/api/sinks', {
      name: 'taken',
      endpoint: 'taken',
      tables: [{ name: 'parcels' }],
    })
    const { page } = await openTab(browser, stage.rowhook.url)
    await signIn(page)
    await page.goto('/setup/changes?table=public.parcels&endpoint=taken')
    await page.getByLabel('Name of the sink').fill('taken')
    await page.getByRole('button', { name: 'Review' }).click()
    await page.getByText('there is a sink called taken already; choose another name').waitFor()
    expect(await page.getByLabel('Name of the sink').getAttribute('aria-invalid')).toBe('true')
  })
})
