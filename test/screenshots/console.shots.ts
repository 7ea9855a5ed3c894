// Writes the pictures that the README and docs/console.md show.
import { mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { openBrowser, openTab, signIn } from '../e2e/console/browser.ts'
import { openShop } from './shop.ts'

const folder = join(import.meta.dirname, '../../docs/images')

interface Picture {
  path: string
  dark?: true
  narrow?: true
  /** What a person does before the picture is taken. */
  after?: (page: Page) => Promise<unknown>
}

test('pictures of the console', async () => {
  mkdirSync(folder, { recursive: true })
  const { rowhook, failing } = await openShop()
  const browser = await openBrowser()
  const pictures: Record<string, Picture> = {
    'console-sinks': { path: '/sinks' },
    'console-sink': { path: '/sinks/orders' },
    'console-sink-dark': { path: '/sinks/orders', dark: true },
    'console-sinks-narrow': { path: '/sinks', narrow: true },
    'console-message': {
      path: `/sinks/orders/messages/${failing}`,
      after: (page) => page.getByText('customer 7 has no shipping address').first().waitFor(),
    },
    'console-filter': {
      path: '/setup/changes?table=public.orders&endpoint=shop-app',
      after: async (page) => {
        await page.getByLabel('Filter').fill('price > 100 and stauts is distinct from old.status')
        await page.getByText('At character').waitFor()
      },
    },
  }
  for (const [name, { path, dark, narrow, after }] of Object.entries(pictures)) {
    const { page } = await openTab(browser, rowhook.url, {
      colorScheme: dark === true ? 'dark' : 'light',
      viewport: narrow === true ? { width: 360, height: 740 } : { width: 1280, height: 800 },
      deviceScaleFactor: narrow === true ? 2 : 1,
    })
    await signIn(page)
    await page.goto(path)
    await after?.(page)
    const file = join(folder, `${name}.png`)
    await page.screenshot({ path: file, fullPage: narrow !== true })
    expect(statSync(file).size).toBeGreaterThan(10_000)
  }
})
