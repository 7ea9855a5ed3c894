// The frame of all pages of one sink: its name, its health, its tabs.
import { type Content, html } from '../html/html.ts'
import { type PageParts, page } from '../html/layout.ts'
import { status } from '../html/status.ts'
import { path } from '../operations.ts'
import type { Sink } from '../resources.ts'
import type { Visit } from '../visit.ts'

const tabs = {
  '': 'Overview',
  '/messages': 'Messages',
  '/deliveries': 'Deliveries',
  '/backfills': 'Backfills',
  '/replays': 'Replays',
  '/edit': 'Edit',
} as const
type Tab = keyof typeof tabs

/** Where a sink's pages are. A name that a browser would take for a step up is replaced by the id. */
export function sinkPath({ name, id }: Pick<Sink, 'name' | 'id'>): string {
  return path('sinks', /^\.{1,2}$/.test(name) ? id : name)
}

/** Reads the sink that the address names. */
export function findSink(c: Visit): Promise<Sink> {
  return c.var.operations.get<Sink>(path('sinks', c.req.param('sink')!))
}

/** A page of a sink. */
export function sinkPage(
  c: Visit,
  sink: Sink,
  tab: Tab,
  body: Content,
  parts: Partial<Pick<PageParts, 'title' | 'aside' | 'live' | 'status' | 'trail'>> = {},
): Response | Promise<Response> {
  const home = sinkPath(sink)
  const links = Object.entries(tabs).map(
    ([below, text]) =>
      html`<li><a href="${home}${below}" ${below === tab && html`aria-current="page"`}>${text}</a></li>`,
  )
  return page(c, {
    title: sink.name,
    section: 'sinks',
    trail: [{ href: '/sinks', text: 'Sinks' }],
    aside: html`<span id="health" data-live>${status(sink.health)}</span>`,
    ...parts,
    body: html`<nav class="tabs" aria-label="Pages of this sink">
        <ul>
          ${links}
        </ul>
      </nav>
      ${body}`,
  })
}
