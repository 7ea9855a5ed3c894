// Style, script and icon. They lie beside this file, in src and in dist alike, and are read once.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Hono } from 'hono'

const types = {
  'console.css': 'text/css; charset=utf-8',
  'console.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml',
}
type Asset = keyof typeof types

const files = Object.fromEntries(
  Object.keys(types).map((name) => [
    name,
    readFileSync(new URL(`./assets/${name}`, import.meta.url), 'utf8'),
  ]),
) as Record<Asset, string>

/** The path of an asset; it changes with the content, so that browsers may keep each for ever. */
export function assetPath(name: Asset): string {
  return `/assets/${digests[name]}/${name}`
}

const digests = Object.fromEntries(
  Object.entries(files).map(([name, text]) => [
    name,
    createHash('sha256').update(text).digest('base64url').slice(0, 12),
  ]),
) as Record<Asset, string>

export function assetRoutes(): Hono {
  const app = new Hono()
  for (const name of Object.keys(types) as Asset[]) {
    app.get(assetPath(name), (c) =>
      c.body(files[name], 200, {
        'content-type': types[name],
        'cache-control': 'public, max-age=31536000, immutable',
      }),
    )
  }
  return app
}
