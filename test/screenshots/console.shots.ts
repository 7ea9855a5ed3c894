// Writes the pictures that the README and docs/console.md show.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { BrowserContextOptions } from 'playwright-core'
import { test } from 'vitest'
import { openBrowser, openTab, signIn } from '../e2e/console/browser.ts'
import { openShop } from './shop.ts'

const folder = join(import.meta.dirname, '../../docs/images')

const wide: BrowserContextOptions = { viewport: { width: 1280, height: 800 } }
const narrow: BrowserContextOptions = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2 }

test('pictures of the console', async () => {
  mkdirSync(folder, { recursive: true })
  const { rowhook, failing, sell } = await openShop()
  const browser = await openBrowser()
  const pages = {
    sinks: '/sinks',
    sink: '/sinks/orders',
    message: `/sinks/orders/messages/${failing}`,
    messages: '/sinks/orders/messages?state=failing',
    deliveries: '/sinks/orders/deliveries',
    backfills: '/sinks/stock-cache/backfills',
    replays: '/sinks/orders/replays',
    edit: '/sinks/orders/edit',
    setup: '/setup',
    table: '/setup?table=public.orders',
    endpoint: '/setup/endpoint?table=public.orders',
    changes: '/setup/changes?table=public.orders&endpoint=shop-app',
    endpoints: '/endpoints',
    'one-endpoint': '/endpoints/shop-app',
    tables: '/tables',
    tokens: '/tokens',
    audit: '/audit',
    doctor: '/doctor',
  }
  await rowhook.api('POST', '/api/sinks/stock-cache/backfills', { tables: [{ name: 'stock' }] })
  const asked = process.env['ONLY']?.split(',')
  for (const [suffix, options] of Object.entries({
    '': { ...wide, colorScheme: 'light' as const },
    '-dark': { ...wide, colorScheme: 'dark' as const },
    '-narrow': { ...narrow, colorScheme: 'light' as const },
  })) {
    const { page } = await openTab(browser, rowhook.url, options)
    await page.goto('/sign-in')
    if (asked === undefined || asked.includes('sign-in'))
      await page.screenshot({ path: join(folder, `sign-in${suffix}.png`) })
    await signIn(page)
    for (const [name, path] of Object.entries(pages)) {
      if (asked !== undefined && !asked.includes(name)) continue
      if (name === 'sink') await sell(20)
      await page.goto(path)
      if (name === 'changes') {
        await page.getByLabel('Filter').fill('price > 100 and stauts = old.status')
        await page.getByText('At character').waitFor()
      }
      await page.screenshot({ path: join(folder, `${name}${suffix}.png`), fullPage: true })
    }
  }
})
