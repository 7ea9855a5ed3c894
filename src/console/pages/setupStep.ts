// The frame of the steps of setting up a sink.
import { type Content, html } from '../html/html.ts'
import { page } from '../html/layout.ts'
import type { Visit } from '../visit.ts'

const steps = ['Table', 'Endpoint', 'Changes', 'Review']

/** A page of one of the steps, counted from 0. */
export const stepPage = (
  c: Visit,
  step: number,
  title: string,
  body: Content,
  status: 200 | 400 = 200,
): Response | Promise<Response> =>
  page(c, {
    title,
    section: 'sinks',
    status,
    trail: [{ href: '/sinks', text: 'Sinks' }],
    body: html`<ol class="steps" aria-label="Steps">
        ${steps.map((name, i) => html`<li class="${i < step ? 'done' : ''}" ${i === step && html`aria-current="step"`}>${name}</li>`)}
      </ol>
      ${body}`,
  })
