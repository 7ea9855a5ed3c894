// axe-core in the page. It is put in by the debugger's protocol, so the page's policy stays as it is.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Serious and critical faults of the page as it stands, a line each with the elements; `rules`: only these. */
export async function seriousFaults(page: Page, rules?: readonly string[]): Promise<string[]> {
  await page.evaluate(source)
  const { violations } = await page.evaluate(async (only) => {
    const { axe, document } = globalThis as any
    return axe.run(document, {
      resultTypes: ['violations'],
      ...(only === undefined ? {} : { runOnly: only }),
    }) as Promise<AxeResults>
  }, rules)
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, help, nodes }) =>
        `${id}: ${help}: ${nodes
          .slice(0, 3)
          .map(({ html }) => html)
          .join(' | ')}`,
    )
}
