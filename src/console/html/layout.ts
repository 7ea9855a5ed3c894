// The frame of every page: head, navigation, the message about what was just done.
import { assetPath } from '../assets.ts'
import { queryText } from '../operations.ts'
import type { Visit } from '../visit.ts'
import { type Content, type Html, html } from './html.ts'
import { notice } from './notice.ts'

/** What a page hands to the frame. */
export interface PageParts {
  title: string
  /** Which entry of the navigation it belongs to. */
  section: keyof typeof sections
  /** Links above the title: where the page hangs. */
  trail?: readonly { href: string; text: string }[]
  /** Beside the title: a state, buttons. */
  aside?: Content
  body: Content
  /** What the live parts are about, and how often they are renewed at most; undefined: nothing on it is live. */
  live?: { sink?: string; everyS: number }
  status?: 200 | 400 | 403 | 404 | 409 | 422 | 500 | 503
}

const sections = {
  sinks: { href: '/sinks', text: 'Sinks' },
  endpoints: { href: '/endpoints', text: 'Endpoints' },
  tables: { href: '/tables', text: 'Tables' },
  tokens: { href: '/tokens', text: 'Tokens' },
  audit: { href: '/audit', text: 'Audit log' },
  doctor: { href: '/doctor', text: 'Doctor' },
} as const

/** A whole page for somebody who is signed in. */
export function page(c: Visit, parts: PageParts): Response | Promise<Response> {
  const { title, section, trail = [], aside, body, live, status = 200 } = parts
  const shown = Object.entries(sections).filter(
    ([name]) => name !== 'doctor' || c.var.operations.has('/doctor'),
  )
  const links = shown.map(
    ([name, { href, text }]) =>
      html`<li><a href="${href}" ${name === section ? html`aria-current="page"` : ''}>${text}</a></li>`,
  )
  return c.html(
    document(
      title,
      html`<a class="skip" href="#main">Skip to the content</a>
        <header class="bar">
          <a class="brand" href="/sinks">${mark} rowhook</a>
          <nav aria-label="Main">
            <ul>
              ${links}
            </ul>
          </nav>
          <form method="post" action="/sign-out" class="leave">
            ${formToken(c)}<button class="quiet">Sign out</button>
          </form>
        </header>
        <main
          id="main"
          ${live && html`data-live-from="/live${queryText({ sink: live.sink })}" data-every="${live.everyS}"`}
        >
          ${
            trail.length > 0 &&
            html`<nav class="trail" aria-label="Where you are">
              ${trail.map(({ href, text }, i) => html`${i > 0 && html`<span aria-hidden="true">/</span>`}<a href="${href}">${text}</a>`)}
            </nav>`
          }
          <div class="head">
            <h1>${title}</h1>
            ${aside}
          </div>
          ${notice(c.req.query('done'))} ${body}
        </main>`,
    ),
    status,
  )
}

/** The document around a page's content. */
export function document(title: string, content: Content): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} · rowhook</title>
        <link rel="icon" href="${assetPath('icon.svg')}" type="image/svg+xml" />
        <link rel="stylesheet" href="${assetPath('console.css')}" />
        <script type="module" src="${assetPath('console.js')}"></script>
      </head>
      <body>
        ${content}
      </body>
    </html>`
}

/** A part that is renewed while the person looks. Forms stand outside of it, so that no input is lost. */
export function live(id: string, content: Content): Html {
  return html`<div id="${id}" data-live>${content}</div>`
}

/** What every form that changes something carries. */
export function formToken(c: Visit): Html {
  return html`<input type="hidden" name="form_token" value="${c.var.formToken}" />`
}

/** A row turned into an arrow: the product in sixteen pixels. */
export const mark = html`<svg class="mark" viewBox="0 0 16 16" aria-hidden="true" width="20" height="20">
  <path d="M1 4h8M1 8h5M1 12h8" />
  <path d="M9 4l5 4-5 4" />
</svg>`
