// The last net under everything that is logged or stored as text: replaces secrets that are known, in the
// spellings in which text carries them (spelling.ts), and what looks like one. Where a secret's place is known (a header,
// a config value), it is masked there; this is for answers that echo a request, and for error messages of
// libraries.

import { base64Cores, unescape } from './spelling.ts'

const MASK = '***'

// Shorter values ("prod", "1") stand in too many innocent texts.
const MIN_LENGTH = 6

const PATTERNS: [RegExp, string][] = [
  [/whsec_[A-Za-z0-9+/=_-]+/g, `whsec_${MASK}`],
  // webhook-signature, in JSON and URLs too
  [/\b(v1a?)(?:,|%2C)(?:[A-Za-z0-9+/=]|\\+(?:\/|u00[0-9a-f]{2})|%[0-9a-f]{2}){40,}/gi, `$1,${MASK}`],
  [/-----BEGIN ([A-Z ]*PRIVATE KEY)-----[\s\S]*?(-----END \1-----|$)/g, MASK],
  [/\b(Bearer|Basic)(\s+)[A-Za-z0-9._~+/=-]{6,}/gi, `$1$2${MASK}`],
  // user:password@ and the lone user@ of a token, in any URL; the host stays readable
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#"'<>]*@/gi, `$1${MASK}@`],
  // a libpq connection string, or a query parameter
  [/\b(password|passwd|pwd|secret|token|api_?key)(=)("[^"]*"|'[^']*'|[^\s&"';]+)/gi, `$1$2${MASK}`],
]

/** Replaces secrets in texts. */
export interface Redactor {
  readonly redact: (text: string) => string
  /** Learns secrets; those it knows already, and short ones, change nothing. */
  readonly add: (secrets: Iterable<string>) => void
}

/** @param secrets known from the start: the root token, the database's password, the encryption keys */
export function createRedactor(secrets: Iterable<string> = []): Redactor {
  const known = new Set<string>()
  /** The same without escapes, and in base64. */
  const plain = new Set<string>()
  let search: RegExp | undefined
  let searchPlain: RegExp | undefined
  let shortest = Infinity

  function add(more: Iterable<string>): void {
    const before = known.size
    for (const secret of more) {
      for (const value of values(secret)) {
        for (const text of spellings(value)) {
          known.add(text)
          for (const each of [unescape(text).text, ...base64Cores(text)]) {
            if (each.length >= MIN_LENGTH) plain.add(each)
          }
        }
      }
    }
    if (known.size === before) return
    search = anyOf(known)
    searchPlain = anyOf(plain)
    shortest = Math.min(...[...known, ...plain].map(({ length }) => length))
  }

  add(secrets)
  return {
    add,
    redact(text) {
      // most answers are short
      const bare = search === undefined || text.length < shortest ? text : text.replace(search, MASK)
      const clear =
        searchPlain === undefined || bare.length < shortest ? bare : replacePlain(bare, searchPlain)
      return PATTERNS.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), clear)
    },
  }
}

/** Replaces what is found in the text without its escapes. */
function replacePlain(given: string, search: RegExp): string {
  const { text, place } = unescape(given)
  let out = ''
  let end = 0
  for (const match of text.matchAll(search)) {
    out += given.slice(end, place(match.index)) + MASK
    end = place(match.index + match[0].length)
  }
  return out + given.slice(end)
}

// A header's "Bearer x" also without its scheme.
function values(secret: string): string[] {
  const bare = /^\S+\s+(\S+)$/.exec(secret)?.[1]
  return [secret, ...(bare === undefined ? [] : [bare])].filter(({ length }) => length >= MIN_LENGTH)
}

// As it is, inside a JSON text, inside a URL.
function spellings(value: string): string[] {
  return [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value)]
}

// The longest first: a secret that begins like another must not leave its end behind.
function anyOf(texts: Iterable<string>): RegExp | undefined {
  const alternatives = [...texts].sort((a, b) => b.length - a.length).map((text) => escapeRegExp(text))
  return alternatives.length === 0 ? undefined : new RegExp(alternatives.join('|'), 'g')
}

// RegExp.escape is not in Node 22.
function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}
