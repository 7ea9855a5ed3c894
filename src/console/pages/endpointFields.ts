// The fields of an endpoint, its test and its secret, wherever they appear.
import { block, data } from '../html/data.ts'
import { input, problemAt, refusalBox, textArea } from '../html/form.ts'
import { type Content, type Html, html } from '../html/html.ts'
import { duration } from '../html/quantity.ts'
import { status } from '../html/status.ts'
import type { Refusal } from '../operations.ts'
import type { SentForm } from '../sentForm.ts'
import type { Endpoint, TestOutcome } from '../resources.ts'

/** What the form holds: headers as text, a line each. */
export interface EndpointDraft {
  name: string
  url: string
  headers: string
  encrypted_headers: string
  ca_certificate: string
  client_certificate: string
}

export function newEndpoint(): EndpointDraft {
  return { name: '', url: '', headers: '', encrypted_headers: '', ca_certificate: '', client_certificate: '' }
}

/** What the form holds of one that is there. */
export function draftOfEndpoint(endpoint: Endpoint): EndpointDraft {
  return {
    name: endpoint.name,
    url: endpoint.url,
    headers: Object.entries(endpoint.headers)
      .map(([name, value]) => `${name}: ${value}`)
      .join('\n'),
    encrypted_headers: '',
    ca_certificate: endpoint.ca_certificate ?? '',
    client_certificate: endpoint.client_certificate ?? '',
  }
}

/** @param stored the endpoint that is edited, whose secrets stay when nothing is typed */
export function endpointFields(draft: EndpointDraft, refusal?: Refusal, stored?: Endpoint): Content {
  const names = Object.keys(stored?.encrypted_headers ?? {})
  const hasKey = stored !== undefined && stored.client_key !== null
  const hasTls = draft.ca_certificate !== '' || draft.client_certificate !== '' || hasKey
  const isTlsWrong = refusal?.problems.some(({ path }) => /certificate|client_key|signing_secret/.test(path))
  const kept =
    names.length === 0
      ? 'Encrypted in the database and never shown again.'
      : html`Set now: ${data(names.join(', '), 300)}. Name one again to change it; <code>name:</code> without
          a value removes it.`
  return html`${refusalBox(refusal)}
    <div class="pair">
      ${input({ name: 'name', label: 'Name', value: draft.name, required: true, maxlength: 100, placeholder: 'orders-app', problem: problemAt(refusal, 'name') })}
      ${input({ name: 'url', label: 'URL', value: draft.url, type: 'url', required: true, placeholder: 'https://app.example.com/hooks', hint: 'Private addresses are refused unless ROWHOOK_ALLOW_NETWORKS opens them.', problem: problemAt(refusal, 'url') })}
    </div>
    <div class="pair">
      ${textArea({ name: 'headers', label: 'Headers', value: draft.headers, rows: 2, placeholder: 'x-env: prod', hint: 'A line each, name: value. Shown to everyone who may look.', problem: problemAt(refusal, 'headers') })}
      ${textArea({ name: 'encrypted_headers', label: 'Secret headers', value: '', rows: 2, placeholder: 'authorization: Bearer …', hint: kept, problem: problemAt(refusal, 'encrypted_headers') })}
    </div>
    <details class="field" ${(hasTls || isTlsWrong) && html`open`}>
      <summary>Certificates and an own signing secret</summary>
      <div class="pair">
        ${textArea({ name: 'ca_certificate', label: 'CA certificate', value: draft.ca_certificate, placeholder: '-----BEGIN CERTIFICATE-----', hint: 'PEM. Trusted in place of the public authorities.', problem: problemAt(refusal, 'ca_certificate') })}
        ${textArea({ name: 'client_certificate', label: 'Client certificate', value: draft.client_certificate, placeholder: '-----BEGIN CERTIFICATE-----', hint: 'PEM. For receivers that ask for one.', problem: problemAt(refusal, 'client_certificate') })}
        ${textArea({ name: 'client_key', label: 'Key of the client certificate', placeholder: '-----BEGIN PRIVATE KEY-----', hint: hasKey ? 'Set. Leave it empty to keep it; it goes with the certificate.' : 'PEM. Encrypted in the database and never shown again.', problem: problemAt(refusal, 'client_key') })}
        ${input({ name: 'signing_secret', label: 'Signing secret', placeholder: 'whsec_…', hint: stored === undefined ? 'Empty: one is made, and shown once.' : 'Empty: as it is. To change it without a gap, make a new secret above.', problem: problemAt(refusal, 'signing_secret') })}
      </div>
    </details>`
}

/** The form as the body of POST or PATCH /api/endpoints, and as what comes back when it is refused. */
export function endpointBody(form: SentForm): { body: object; draft: EndpointDraft } {
  const text = form.text
  const draft = {
    name: text('name'),
    url: text('url'),
    headers: text('headers'),
    encrypted_headers: '',
    ca_certificate: text('ca_certificate'),
    client_certificate: text('client_certificate'),
  }
  const secrets = linesOf(text('encrypted_headers')).map(([name, value]) => [
    name,
    value === '' ? null : value,
  ])
  return {
    draft,
    body: {
      name: draft.name,
      url: draft.url,
      headers: Object.fromEntries(linesOf(draft.headers)),
      encrypted_headers: Object.fromEntries(secrets),
      ca_certificate: draft.ca_certificate || null,
      client_certificate: draft.client_certificate || null,
      // What is not typed stays.
      ...(text('client_key') !== '' && { client_key: text('client_key') }),
      ...(text('signing_secret') !== '' && { signing_secret: text('signing_secret') }),
    },
  }
}

/** Header lines; one without a colon is a name without a value, for the API to judge. */
function linesOf(text: string): [string, string][] {
  return text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const colon = line.indexOf(':')
      return colon === -1 ? [line.trim(), ''] : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()]
    })
}

/** The answer to a test message. */
export function testResult({ outcome, status: code, duration_ms, error, response }: TestOutcome): Html {
  return html`<div class="test ${outcome}" role="status">
    <p class="line">
      ${status(outcome)}
      <strong>${outcome === 'ok' ? `Answered ${code}` : data(error ?? `Answered ${code}`, 600)}</strong>
      <span class="below">in ${duration(duration_ms)}</span>
    </p>
    ${response !== null && response !== '' ? block(response, 'Answer to the test message', 4000) : html`<p class="below">The answer had no body.</p>`}
  </div>`
}

/** A signing secret, which the API tells once. */
export function secretBox(secret: string): Html {
  return html`<section class="card secret" role="status">
    <h2>Signing secret, shown this once</h2>
    <p>Receivers check the header <code>webhook-signature</code> with it (Standard Webhooks). Copy it now.</p>
    <pre class="block" tabindex="0" role="region" aria-label="Signing secret" data-copy>${secret}</pre>
  </section>`
}
