// What was just done, said on the page that follows. The address carries only a word out of this list:
// a sentence in the address would let a link put words into the console's mouth.
import { type Html, html } from './html.ts'

const sentences: Record<string, string> = {
  created: 'The sink is created and captures changes from now on.',
  saved: 'Saved.',
  paused: 'Paused. Changes are kept and wait.',
  resumed: 'Resumed.',
  disabled: 'Disabled. Changes are kept and wait until it is resumed.',
  deleted: 'Deleted.',
  redelivered: 'Asked to be sent again.',
  discarded: 'Discarded.',
  started: 'Started.',
  cancelled: 'Cancelled.',
  kept: 'The history of this table is kept from now on.',
  'not-kept': 'The history of this table is no longer kept beyond a day.',
  revoked: 'The token is revoked.',
}

/** The word that may stand in `?done=`. */
export type Done = keyof typeof sentences

export function notice(done: string | undefined): Html | false {
  const sentence = done === undefined || !Object.hasOwn(sentences, done) ? undefined : sentences[done]
  return sentence !== undefined && html`<p class="notice" role="status">${sentence}</p>`
}
