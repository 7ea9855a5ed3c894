// The fields of a sink, as setting it up and editing it both show them. What may stand in a field is the
// API's to say.
import { checkbox, input, problemAt, select } from '../html/form.ts'
import { data } from '../html/data.ts'
import { type Content, html } from '../html/html.ts'
import type { Refusal } from '../operations.ts'
import type { Table } from '../resources.ts'
import { filterEditor } from './filterCheck.ts'
import { type SinkDraft, filterText } from './sinkDraft.ts'

const actionWords = { insert: 'inserted', update: 'updated', delete: 'deleted', truncate: 'truncated' }

/** Fields of one of the sink's tables. */
export function tableFields(
  entry: SinkDraft['tables'][number],
  i: number,
  table: Table | undefined,
  refusal?: Refusal,
): Content {
  const at = (name: string) => `tables[${i}].${name}`
  const columns = table?.columns.map(({ name }) => name) ?? []
  const groups = entry.group_by ?? []
  const order = entry.group_by === null ? 'key' : entry.group_by.length === 0 ? 'none' : 'columns'
  const key =
    table === undefined || table.primary_key.length === 0
      ? 'the table has no key: one group'
      : table.primary_key.join(', ')
  const radio = (value: string, label: Content) =>
    html`<label class="check"
      ><input type="radio" name="t${i}.order" value="${value}" ${order === value && html`checked`} />
      <span>${label}</span></label
    >`
  const boxes = (name: string, chosen: readonly string[]) =>
    html`<div class="boxes">
      ${columns.map((column) => checkbox(`t${i}.${name}`, data(column, 80), chosen.includes(column), column))}
    </div>`
  const filterProblem = refusal?.problems.find(({ path }) => path.startsWith(at('filter')))
  return html`<input type="hidden" name="t${i}.name" value="${entry.name}" />
    <fieldset class="field">
      <legend>Send a webhook when a row is</legend>
      <div class="boxes">
        ${Object.entries(actionWords).map(([action, word]) => checkbox(`t${i}.actions`, word, (entry.actions as string[]).includes(action), action))}
      </div>
      ${problemOf(problemAt(refusal, at('actions')))}
    </fieldset>
    ${filterEditor({
      name: `t${i}.filter`,
      table: entry.name,
      value: filterText(entry.filter),
      hint: html`SQL over the row, such as <code>mrr &gt; 100</code>; <code>old.mrr</code> is the value
        before. Empty: all.`,
      ...(filterProblem === undefined
        ? {}
        : { problem: data(filterProblem.message, 1000), position: filterProblem.position }),
    })}
    <fieldset class="field">
      <legend>Order</legend>
      ${radio('key', html`Per row (${data(key, 100)}). The next change of a row waits until the one before is acknowledged.`)}
      ${radio('columns', 'Per value of these columns:')} ${boxes('group_by', groups)}
      ${radio('none', 'No order')} ${problemOf(problemAt(refusal, at('group_by')))}
    </fieldset>
    <details class="field" ${entry.exclude_columns.length > 0 && html`open`}>
      <summary>Columns that are not sent</summary>
      ${boxes('exclude_columns', entry.exclude_columns)}
      ${problemOf(problemAt(refusal, at('exclude_columns')))}
    </details>
    ${checkbox(`t${i}.unchanged`, 'Also send updates that change nothing that is sent', entry.unchanged)}`
}

/**
 * Fields of how a sink delivers.
 * @param endpoints names of those that could be told when the sink fails
 */
export function deliveryFields(draft: SinkDraft, endpoints: readonly string[], refusal?: Refusal): Content {
  const number = (
    name: keyof SinkDraft,
    label: string,
    hint: Content,
    min: number,
    max: number,
    placeholder = '',
  ) =>
    input({
      name,
      label,
      hint,
      type: 'number',
      min,
      max,
      step: name === 'rate_limit' ? 'any' : '1',
      placeholder,
      value: draft[name] as number | null,
      problem: problemAt(refusal, name),
    })
  return html`<div class="trio">
      ${number('batch_size', 'Batch size', '1 for side effects such as mails; more for upserts.', 1, 1000)}
      ${number('batch_timeout_ms', 'Batch waits, ms', 'How long an unfilled batch waits for more.', 0, 300_000)}
      ${number('request_timeout_ms', 'Request timeout, ms', 'For the whole exchange.', 500, 300_000)}
    </div>
    <details class="field" ${refusal !== undefined && html`open`}>
      <summary>More about delivery</summary>
      <div class="trio">
        ${select({
          name: 'message_type',
          label: 'Messages',
          value: draft.message_type,
          choices: [
            ['changes', 'every change'],
            ['rows', 'only the newest version of a row'],
          ],
          problem: problemAt(refusal, 'message_type'),
        })}
        ${select({
          name: 'batch',
          label: 'Body',
          value: String(draft.batch),
          choices: [
            ['true', 'a batch: {"data": […]}'],
            ['false', 'one bare message'],
          ],
          problem: problemAt(refusal, 'batch'),
        })}
        ${input({ name: 'path', label: 'Path', value: draft.path, placeholder: '/orders', hint: 'Put behind the endpoint’s URL.', problem: problemAt(refusal, 'path') })}
        ${number('max_retry_count', 'Retries', 'Empty: for ever. Then a message is discarded.', 0, 2_147_483_647, 'for ever')}
        ${number('concurrency', 'In flight at most', 'Requests at the same time.', 1, 1000)}
        ${number('rate_limit', 'Requests a second', 'Empty: no limit.', 0, 1_000_000, 'no limit')}
        ${number('max_message_bytes', 'Longest message, bytes', 'A longer one is discarded, with an error.', 1, 2_147_483_647, 'no limit')}
        ${select({
          name: 'compression',
          label: 'Compression',
          value: draft.compression ?? '',
          choices: [
            ['', 'none'],
            ['gzip', 'gzip'],
          ],
          hint: 'Of the requests. The receiver has to know it.',
          problem: problemAt(refusal, 'compression'),
        })}
        ${select({
          name: 'alert_endpoint',
          label: 'Tell of trouble',
          value: draft.alert_endpoint ?? '',
          choices: [['', 'nobody'], ...endpoints.map((name) => [name, name] as const)],
          hint: 'Is sent a webhook when this sink fails, pauses or recovers.',
          problem: problemAt(refusal, 'alert_endpoint'),
        })}
      </div>
    </details>`
}

/** The sink's name. */
export function nameField(draft: SinkDraft, refusal?: Refusal): Content {
  return input({
    name: 'name',
    label: 'Name of the sink',
    value: draft.name,
    required: true,
    maxlength: 100,
    hint: 'Letters, digits, underscore, dot and hyphen.',
    problem: problemAt(refusal, 'name'),
  })
}

/** The choice among endpoints. */
export function endpointField(value: string, names: readonly string[], refusal?: Refusal): Content {
  return select({
    name: 'endpoint',
    label: 'Endpoint',
    value,
    choices: names.map((name) => [name, name]),
    problem: problemAt(refusal, 'endpoint'),
  })
}

function problemOf(problem: Content): Content {
  return problem && html`<p class="problem">${problem}</p>`
}
