import type { Browser } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Stage, setStage } from '../../support/delivery.ts'
import { eventually } from '../../support/eventually.ts'
import { insertItems } from '../../support/items.ts'
import { openBrowser, openTab, signIn } from './browser.ts'

let stage: Stage
let browser: Browser

beforeAll(async () => {
  stage = await setStage()
  browser = await openBrowser()
})

describe('a message that is stuck', () => {
  test('is found from the list of sinks, understood by the answer, and redelivered', async () => {
    const { sql } = stage.database
    const { name, table, receiver } = await stage.sink({
      respond: ({ messages }) =>
        messages[0]?.record?.['id'] === 2 ? { status: 422, body: 'no shipping address for 2' } : {},
      endpoint: { encrypted_headers: { authorization: 'Bearer top-secret' } },
      max_retry_count: 0,
    })
    await insertItems(sql, table, 1, 3)
    const { page, faults } = await openTab(browser, stage.rowhook.url)
    await signIn(page)
    const row = page.getByRole('row').filter({ hasText: name })
    await row.getByText('422 Unprocessable Entity').waitFor()
    await row.locator('a.warned').click()
    await page.getByRole('row').filter({ hasText: '422' }).getByRole('link').first().click()

    await page.getByText('Its group went on without it.').waitFor()
    await page
      .getByRole('region', { name: /Answer/ })
      .getByText('no shipping address for 2')
      .waitFor()
    expect(await page.content()).not.toContain('top-secret')
    await page.getByText('authorization: ***').waitFor()

    receiver.respond({})
    await page.getByRole('button', { name: 'Send again' }).click()
    await page.getByText('Acknowledged by the receiver').waitFor()
    expect(receiver.messages.map(({ record }) => record?.['id'])).toContain(2)
    expect(faults).toEqual([])
  })

  test('all of a state are sent again with one button', async () => {
    const { sql } = stage.database
    const { name, table, receiver } = await stage.sink({ respond: { status: 400 }, max_retry_count: 0 })
    await insertItems(sql, table, 1, 3)
    await receiver.waitForRequests(3)
    receiver.respond({})
    const { page } = await openTab(browser, stage.rowhook.url)
    page.on('dialog', (dialog) => void dialog.accept())
    await signIn(page)
    await page.goto(`/sinks/${name}/messages?state=discarded`)
    await page.getByRole('navigation', { name: 'State' }).getByText('Discarded 3').waitFor()
    await page.reload()
    await page.getByRole('button', { name: 'Send all again' }).click()
    expect(await receiver.waitFor(3)).toHaveLength(3)
    await page.getByText('No discarded message').waitFor()
  })

  test('those that fit the filters are sent again, and the others are left', async () => {
    const { sql } = stage.database
    const { name, table, receiver, show } = await stage.sink({ respond: { status: 400 }, max_retry_count: 0 })
    await insertItems(sql, table, 1, 4)
    await receiver.waitForRequests(4)
    await eventually(async () => expect((await show()).discarded).toBe(4))
    receiver.respond({})
    const { page, faults } = await openTab(browser, stage.rowhook.url)
    page.on('dialog', (dialog) => void dialog.accept())
    await signIn(page)
    await page.goto(`/sinks/${name}/messages?state=discarded&age=1h`)
    await page.getByLabel('Group or key').fill('3')
    await page.getByRole('button', { name: 'Filter' }).click()
    await page.getByRole('button', { name: 'Send all of these again' }).click()
    const [message] = await receiver.waitFor(1)
    expect(message!.record?.['id']).toBe(3)
    await page.getByText('fits these filters').waitFor()
    expect((await show()).discarded).toBe(3)
    const audit = await stage.rowhook.api('GET', '/api/audit?limit=1')
    expect(audit.body.data[0].after).toMatchObject({ state: 'discarded', group: '3', count: 1 })
    expect(faults).toEqual([])
  })

  test('shows an update as a difference, and every digit of a number', async () => {
    const { sql } = stage.database
    await sql`create table accounts (id bigint primary key, balance numeric, note text)`
    const { name, receiver } = await stage.sink({ table: 'accounts' })
    await sql`insert into accounts values (9007199254740993, 1.10, 'same')`
    await sql`update accounts set balance = 12345678901234567890.123`
    await receiver.waitFor(2)
    const { page } = await openTab(browser, stage.rowhook.url)
    await signIn(page)
    await page.goto(`/sinks/${name}/messages`)
    const update = page.getByRole('row').filter({ hasText: 'update' })
    const words = update.locator('.one-line')
    expect((await words.textContent())!.replaceAll(/\s+/g, ' ')).toContain(
      'balance 1.10 → 12345678901234567890.123',
    )
    expect((await words.boundingBox())!.width).toBeGreaterThan(300)
    await update.getByRole('link').first().click()
    await page.getByRole('heading', { name: 'Row and what changed' }).waitFor()
    const balance = page.getByRole('row').filter({ hasText: 'balance' })
    expect(await balance.locator('del').textContent()).toBe('1.10')
    expect(await balance.locator('ins').textContent()).toBe('12345678901234567890.123')
    await page.getByText('9007199254740993').first().waitFor()
    expect(await page.getByRole('row').filter({ hasText: 'note' }).locator('ins').count()).toBe(0)
  })

  test('shows hostile text as text', async () => {
    const { sql } = stage.database
    await sql`create table "x<script>" (id int primary key, note text)`
    const { name, receiver } = await stage.sink({
      table: '"x<script>"',
      respond: { status: 400, body: '<img src=x onerror=alert(1)>' },
      max_retry_count: 0,
    })
    const hostile = `</code><script>window.pwned = 1</script>"'\u202Egnp.exe ${'long '.repeat(100_000)}`
    await sql`insert into "x<script>" values (1, ${hostile})`
    await receiver.waitForRequests(1)
    const { page, faults } = await openTab(browser, stage.rowhook.url)
    await signIn(page)
    await page.goto(`/sinks/${name}/messages`)
    await page.getByRole('row').filter({ hasText: 'discarded' }).getByRole('link').first().click()
    const note = page.getByRole('row').filter({ hasText: 'note' })
    await note.getByText('<script>window.pwned = 1</script>').waitFor()
    await note.getByText('U+202E').waitFor()
    await note.getByText(/more characters/).waitFor()
    await page
      .getByRole('region', { name: /^Answer/ })
      .getByText('<img src=x onerror=alert(1)>')
      .waitFor()
    expect(await page.evaluate('window.pwned')).toBeUndefined()
    expect(faults).toEqual([])
  })
})

describe('a sink', () => {
  test('shows counts that rise while one looks, and stops and goes on with its buttons', async () => {
    const { sql } = stage.database
    const { name, table, receiver, show } = await stage.sink()
    const { page, faults } = await openTab(browser, stage.rowhook.url)
    await signIn(page)
    await page.goto(`/sinks/${name}`)
    const delivered = page.locator('.counter').filter({ hasText: 'Delivered' }).locator('strong')
    expect(await delivered.textContent()).toBe('0')
    await insertItems(sql, table, 1, 4)
    await expect.poll(async () => delivered.textContent(), { timeout: 10_000 }).toBe('4')
    await insertItems(sql, table, 5, 7)
    await expect.poll(async () => delivered.textContent(), { timeout: 10_000 }).toBe('7')

    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByText('Paused. Changes are kept and wait.').waitFor()
    await insertItems(sql, table, 8, 9)
    await page.getByText('2 messages wait and will be sent in order once it is resumed.').waitFor()
    expect(receiver.messages).toHaveLength(7)
    await page.getByRole('button', { name: 'Resume' }).click()
    await receiver.waitFor(9)

    await page.getByRole('link', { name: 'Edit' }).first().click()
    await page.getByLabel('Batch size').fill('50')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('up to 50').waitFor()
    expect((await show()).batch_size).toBe(50)

    await page.getByRole('link', { name: 'Delete…' }).click()
    await page.getByRole('button', { name: 'Delete the sink' }).click()
    await page.getByText('Deleted.').waitFor()
    expect((await stage.rowhook.api('GET', `/api/sinks/${name}`)).status).toBe(404)
    expect(faults).toEqual([])
  })
})

describe('a backfill', () => {
  test('is started from its form, paused, and watched to its end', async () => {
    const { sql } = stage.database
    await sql`create table stock (id int primary key, on_hand int)`
    await sql`insert into stock select i, i from generate_series(1, 3000) i`
    const { name, receiver } = await stage.sink({ table: 'stock', batch_size: 10, respond: { delayMs: 20 } })
    const { page, faults } = await openTab(browser, stage.rowhook.url)
    await signIn(page)
    await page.goto(`/sinks/${name}/backfills`)
    await page.getByLabel('Only rows where').fill('on_hand > 0 and nothing')
    await page.getByRole('button', { name: 'Start the backfill' }).click()
    await page.getByText('column "nothing" does not exist').first().waitFor()
    await page.getByLabel('Only rows where').fill('on_hand > 1000')
    await page.getByRole('button', { name: 'Only count' }).click()
    await page.getByText('Such a backfill would send 2,000 rows').waitFor()
    expect((await stage.rowhook.api('GET', `/api/sinks/${name}/backfills`)).body.data).toEqual([])
    await page.getByRole('button', { name: 'Start the backfill' }).click()
    await receiver.waitFor(10)
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByRole('button', { name: 'Resume' }).click()
    await page.getByText(/2,000 of 2,000 in/).waitFor({ timeout: 15_000 })
    expect(new Set(receiver.messages.map(({ record }) => record?.['id'])).size).toBe(2000)
    // the browser itself notes the form that was refused
    expect(faults.filter((fault) => !fault.includes('400'))).toEqual([])
  })
})
