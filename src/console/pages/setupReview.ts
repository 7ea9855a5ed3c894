// The last step of setting up a sink: everything that will be, and nothing done yet. The API's plan says
// whether it would work.
import { code } from '../html/data.ts'
import { checkbox } from '../html/form.ts'
import { type Content, type Html, html } from '../html/html.ts'
import { formToken } from '../html/layout.ts'
import { Refusal } from '../operations.ts'
import type { SentForm } from '../sentForm.ts'
import type { Visit } from '../visit.ts'
import { stepPage } from './setupStep.ts'
import { type SinkDraft, filterText } from './sinkDraft.ts'

/** @throws Refusal when creating the sink would be refused */
export async function reviewPage(c: Visit, draft: SinkDraft): Promise<Response> {
  await assertPossible(c, draft)
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
          ${row('Batch', draft.batch ? `up to ${draft.batch_size}` : 'one bare message a request')}
        </dl>
      </section>
      <section class="card">
        <h2>What will be done in the database</h2>
        <p>
          Statement triggers named ${code('00_rowhook_…')} are placed on
          ${draft.tables.map(({ name }) => code(name))} and its partitions, for the actions that are wanted.
          Placing one takes a <code>share row exclusive</code> lock on the table for an instant; while another
          transaction holds the table, it gives up quickly and tries again, so that no write waits behind it.
          Changes are captured from then on.
        </p>
      </section>
      <form method="post" class="stack">
        ${formToken(c)} ${hidden(c.var.form)}
        ${checkbox('backfill', 'Also send the rows that are there now (a backfill)', false)}
        <div class="buttons">
          <button class="primary" formaction="/setup/create">Create the sink</button>
          <button formaction="/setup/changes">Back</button>
        </div>
      </form>`,
  )
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
