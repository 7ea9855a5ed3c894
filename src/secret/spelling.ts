// One secret in many spellings: a receiver that echoes its request may print it as JSON with its own
// escapes (PHP's `\/`, Python's `\u00e4`), as JSON within JSON, as HTML, within a URL, or in base64. Text is
// unescaped for looking, each character with its place in the text as it stands.

/** Text without its escapes. */
export interface Unescaped {
  text: string
  /** Where in the text as it stands a character begins; of the one behind the last: where that text ends. */
  place(index: number): number
}

// Each kind also escaped by its own kind, any number of times. What is not ASCII differs in too many ways.
const escapes =
  /\\+(?:u([0-9a-f]{4})|u\{([0-9a-f]{1,6})\}|x([0-9a-f]{2}))?|&(?:amp;)*(?:#x([0-9a-f]{1,8})|#([0-9]{1,8})|([a-z][a-z0-9]*));|%(?:25)*([0-9a-f]{2})|[^\0-\x7f]+/i
const allEscapes = new RegExp(escapes, 'gi')

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** Escapes of one kind may stand within those of another: so often they are looked for. */
const passes = 4

/**
 * Takes the escapes of JSON, HTML and URLs out of a text, along with backslashes and what is not ASCII; a
 * blank becomes a plus, as in a form. A secret and its escaped forms all come out the same.
 */
export function unescape(given: string): Unescaped {
  let text = given
  let starts: number[] | undefined
  for (let pass = 0; pass < passes && escapes.test(text); pass++)
    ({ text, starts } = unescapeOnce(text, starts))
  return { text: text.replaceAll(' ', '+'), place: (index) => starts?.[index] ?? index }
}

/** @param before where each character of the text began in what was given; undefined: it is what was given */
function unescapeOnce(
  text: string,
  before: readonly number[] | undefined,
): { text: string; starts: number[] } {
  const place = (i: number): number => (before === undefined ? i : before[i]!)
  const starts: number[] = []
  let out = ''
  let end = 0
  /** Of what has left no character: the next one begins there. */
  let pending: number | undefined
  const take = (from: number, to: number): void => {
    for (let i = from; i < to; i++) {
      starts.push(pending ?? place(i))
      pending = undefined
    }
    out += text.slice(from, to)
  }
  for (const match of text.matchAll(allEscapes)) {
    take(end, match.index)
    end = match.index + match[0].length
    pending ??= place(match.index)
    const character = decode(match)
    if (character === '') continue
    starts.push(pending)
    out += character
    pending = undefined
  }
  take(end, text.length)
  starts.push(pending ?? place(text.length))
  return { text: out, starts }
}

function decode([, u, braced, x, entityHex, entityNumber, name, url]: RegExpExecArray): string {
  if (name !== undefined) return entities[name.toLowerCase()] ?? ''
  const hex = u ?? braced ?? x ?? entityHex ?? url
  const code = hex === undefined ? Number(entityNumber) : Number.parseInt(hex, 16)
  return code > 0 && code < 128 ? String.fromCharCode(code) : ''
}

/**
 * The characters of base64 and base64url that a value always becomes, wherever it stands in what is encoded:
 * those that it shares with its neighbours are left out.
 */
export function base64Cores(value: string): string[] {
  return (['utf8', 'latin1'] as const).flatMap((encoding) =>
    [0, 1, 2].flatMap((before) => {
      const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(value, encoding)])
      const whole = bytes
        .toString('base64')
        .slice(before === 0 ? 0 : before + 1, Math.floor((bytes.length * 4) / 3))
      return [whole, whole.replaceAll('+', '-').replaceAll('/', '_')]
    }),
  )
}
