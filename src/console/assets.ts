// Style, scripts and icon. They lie beside this file, in src and in dist alike, and are read once. The
// style sheet is put together from its parts; the scripts are modules that import one another by their names.
import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { Hono } from 'hono'

/** In the order in which they overrule one another. */
const styles = ['base', 'frame', 'parts', 'lists', 'forms', 'charts', 'narrow']

const folder = new URL('./assets/', import.meta.url)
const read = (name: string) => readFileSync(new URL(name, folder), 'utf8')

const files = new Map<string, { type: string; text: string }>([
  ['console.css', { type: 'text/css', text: styles.map((name) => read(`style/${name}.css`)).join('\n') }],
  ['icon.svg', { type: 'image/svg+xml', text: read('icon.svg') }],
])
for (const name of readdirSync(new URL('script/', folder))) {
  files.set(name, { type: 'text/javascript', text: read(`script/${name}`) })
}

const digest = createHash('sha256')
for (const [name, { text }] of files) digest.update(`${name}\0${text}\0`)
// One for all: a module that imports another names it relative to itself.
const root = `/assets/${digest.digest('base64url').slice(0, 12)}`

/** The path of an asset; it changes with the content, so that browsers may keep each for ever. */
export function assetPath(name: 'console.css' | 'console.js' | 'icon.svg'): string {
  return `${root}/${name}`
}

export function assetRoutes(): Hono {
  const app = new Hono()
  for (const [name, { type, text }] of files) {
    app.get(`${root}/${name}`, (c) =>
      c.body(text, 200, {
        'content-type': type === 'image/svg+xml' ? type : `${type}; charset=utf-8`,
        'cache-control': 'public, max-age=31536000, immutable',
      }),
    )
  }
  return app
}
