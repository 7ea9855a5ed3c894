// A real browser at the console of a real `rowhook start`.
import chromium from '@sparticuz/chromium'
import { type Browser, type BrowserContextOptions, type Page, chromium as playwright } from 'playwright-core'
import { atEnd } from '../../support/at-end.ts'
import { adminToken } from '../../support/rowhook-process.ts'

// The sandbox of Chromium does not run as root, as containers do; the others keep it from calling home.
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** A tab, and what went wrong in it. */
export interface Tab {
  page: Page
  /** Console errors, uncaught errors, and refused loads, as texts. */
  faults: string[]
}

/** A browser that ends with the test, or, from `beforeAll`, with the file. */
export async function openBrowser(): Promise<Browser> {
  const browser = await playwright.launch({ executablePath: await chromium.executablePath(), args: flags })
  atEnd(() => browser.close())
  return browser
}

/** A tab of its own session. */
export async function openTab(
  browser: Browser,
  baseURL: string,
  options: BrowserContextOptions = {},
): Promise<Tab> {
  const context = await browser.newContext({ baseURL, ...options })
  context.setDefaultTimeout(10_000)
  const page = await context.newPage()
  const faults: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') faults.push(message.text())
  })
  page.on('pageerror', (error) => faults.push(String(error)))
  atEnd(() => context.close())
  return { page, faults }
}

/** Signs in as root, through the form. */
export async function signIn(page: Page, token = adminToken): Promise<void> {
  await page.goto('/')
  await page.getByLabel('API token').fill(token)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL(({ pathname }) => pathname === '/sinks')
}
