// What the doctor found, worst first, with what to do about it.
import { Hono } from 'hono'
import { data } from '../html/data.ts'
import { html } from '../html/html.ts'
import { page } from '../html/layout.ts'
import type { DoctorReport } from '../resources.ts'
import type { ConsoleEnv } from '../visit.ts'

type Finding = DoctorReport['findings'][number]

const order = ['problem', 'warning', 'note', 'ok'] as const
const tones = { problem: 'bad', warning: 'warn', note: 'idle', ok: 'good' }

const isTrouble = ({ level }: Finding) => level === 'problem' || level === 'warning'

export function doctorPages(): Hono<ConsoleEnv> {
  return new Hono<ConsoleEnv>().get('/doctor', async (c) => {
    const { status, findings } = await c.var.operations.get<DoctorReport>('/doctor')
    return page(c, {
      title: 'Doctor',
      section: 'doctor',
      body: html`<p class="lead">
          ${status === 'ok' ? 'Everything is well.' : 'Something needs attention.'}
          <a href="/doctor">Examine again</a>
        </p>
        <ul class="findings">
          ${findings
            .filter(isTrouble)
            .toSorted((a, b) => order.indexOf(a.level) - order.indexOf(b.level))
            .map(
              ({ check, level, message, todo }) =>
                html`<li class="card">
                  <span class="status ${tones[level]}">${level}</span> <strong>${data(check, 60)}</strong>
                  <p>${data(message, 2000)}</p>
                  ${todo !== null && html`<p class="todo">${data(todo, 2000)}</p>`}
                </li>`,
            )}
        </ul>
        <section class="card">
          <h2>Looked at</h2>
          <ul class="rows checks">
            ${findings
              .filter((finding) => !isTrouble(finding))
              .map(
                ({ level, message }) =>
                  html`<li>
                    <span class="status ${tones[level]}">${level}</span> <span>${data(message, 600)}</span>
                  </li>`,
              )}
          </ul>
        </section>`,
    })
  })
}
