// The last step of setting up a sink: everything that will be, and nothing done yet. The API's plan says
// whether it would work.
import { code } from '../html/data.ts'
import { checkbox, input } from '../html/form.ts'
import { type Content, type Html, html } from '../html/html.ts'
import { formToken } from '../html/layout.ts'
import { counted, duration } from '../html/quantity.ts'
import { type Page, Refusal } from '../operations.ts'
import type { Table } from '../resources.ts'
import type { SentForm } from '../sentForm.ts'
import type { Visit } from '../visit.ts'
import { stepPage } from './setupStep.ts'
import { type SinkDraft, filterText } from './sinkDraft.ts'
import { batching, grouping, retrying } from './sinkWords.ts'

/** @throws Refusal when creating the sink would be refused */
export async function reviewPage(c: Visit, draft: SinkDraft): Promise<Response> {
  await assertPossible(c, draft)
  const { data: tables } = await c.var.operations.get<Page<Table>>('/tables', { limit: 1000 })
  const row = (term: string, content: Content) =>
    html`<div>
      <dt>${term}</dt>
      <dd>${content}</dd>
    </div>`
  return stepPage(
    c,
    3,
    'Review',
    html`<section class="card">
        <h2>What will be sent</h2>
        <dl>
          ${row('Sink', code(draft.name))}
          ${row('Endpoint', html`${code(draft.endpoint)} ${draft.path !== '' && code(draft.path)}`)}
          ${draft.tables.map((table) =>
            row(
              'Table',
              html`${code(table.name)}
              ${table.actions.join(', ')}${table.filter !== null && html` where ${code(filterText(table.filter), 600)}`}`,
            ),
          )}
          ${draft.tables.map(({ group_by }) => row('Order', grouping(group_by)))}
          ${row('Batch', batching(draft))} ${row('Timeout', duration(draft.request_timeout_ms))}
          ${row('Retries', retrying(draft))}
        </dl>
      </section>
      <section class="card">
        <h2>What will be done in the database</h2>
        <ul class="rows">
          ${draft.tables.map(
            (entry) =>
              html`<li>
                ${triggerWords(
                  entry,
                  tables.find(({ name }) => name === entry.name),
                )}
              </li>`,
          )}
        </ul>
        <p>
          Placing a trigger takes a <code>share row exclusive</code> lock on its table for an instant: reads
          go on, writes wait for that instant. While another transaction holds the table, it gives up after
          200 ms and tries again, so that no write queues behind it. Changes are captured from then on;
          existing rows are not touched.
        </p>
      </section>
      <form method="post" class="stack">
        ${formToken(c)} ${hidden(c.var.form)}
        <section class="card">
          <h2>Rows that are there now</h2>
          ${checkbox('backfill', 'Send them too (a backfill)', false)}
          ${input({ name: 'backfill_where', label: 'Only rows where', placeholder: "created_at > now() - interval '1 day'", hint: 'SQL over the row. Empty: all rows. A backfill can be started later as well, and counted first.' })}
        </section>
        <div class="buttons">
          <button class="primary" formaction="/setup/create">Create the sink</button>
          <button formaction="/setup/changes">Back</button>
        </div>
      </form>`,
  )
}

/** The triggers of one table, by their names in the database. */
function triggerWords(entry: SinkDraft['tables'][number], table: Table | undefined): Content {
  const names = entry.actions.map((action) => code(`00_rowhook_${action}`))
  const partitions = table?.partitions.length ?? 0
  return html`${names.map((name, i) => html`${i > 0 && ', '}${name}`)} on
  ${code(entry.name)}${partitions > 0 && ` and its ${counted(partitions, 'partition')}`}
  ${
    table?.captured === true &&
    html`<span class="below">captured already: only what is missing is placed</span>`
  }`
}

interface Plan {
  changes: { action: string; kind: string; name: string }[]
}

async function assertPossible(c: Visit, draft: SinkDraft): Promise<void> {
  const plan = await c.var.operations
    .post<Plan>('/config/plan', { sinks: [draft] })
    .catch((error: unknown) => {
      throw error instanceof Refusal ? below('sinks[0].', error) : error
    })
  // A sink of this name would be changed, or is the same already.
  if (plan.changes.some(({ action }) => action === 'create')) return
  const message = `there is a sink called ${draft.name} already; choose another name`
  throw new Refusal(409, 'Conflict', `There is a sink called ${draft.name} already.`, [
    { path: 'name', message },
  ])
}

/** The same refusal with paths that begin at the sink. */
function below(prefix: string, refusal: Refusal): Refusal {
  const problems = refusal.problems.map((problem) => ({ ...problem, path: problem.path.replace(prefix, '') }))
  return new Refusal(refusal.status, refusal.title, refusal.message.replaceAll(prefix, ''), problems)
}

function hidden({ fields }: SentForm): (Html | '')[] {
  return fields.map(([name, value]) =>
    name === 'form_token' ? '' : html`<input type="hidden" name="${name}" value="${value}" />`,
  )
}
