// The last net under everything that is logged or stored as text: replaces secrets that are known, in the
// spellings in which text carries them, and what looks like one. Where a secret's place is known (a header,
// a config value), it is masked there; this is for answers that echo a request, and for error messages of
// libraries.

const MASK = '***'

// Shorter values ("prod", "1") stand in too many innocent texts.
const MIN_LENGTH = 6

const PATTERNS: [RegExp, string][] = [
  [/whsec_[A-Za-z0-9+/=_-]+/g, `whsec_${MASK}`],
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
  let search: RegExp | undefined

  function add(more: Iterable<string>): void {
    const before = known.size
    for (const secret of more) for (const spelling of spellings(secret)) known.add(spelling)
    if (known.size === before) return
    // The longest first: a secret that begins like another must not leave its end behind.
    const alternatives = [...known]
      .sort((a, b) => b.length - a.length)
      .map((spelling) => escapeRegExp(spelling))
    search = new RegExp(alternatives.join('|'), 'g')
  }

  add(secrets)
  return {
    add,
    redact(text) {
      const first = search === undefined ? text : text.replace(search, MASK)
      return PATTERNS.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), first)
    },
  }
}

// As it is, inside a JSON text, inside a URL; and a header's "Bearer x" also without its scheme.
function spellings(secret: string): string[] {
  const bare = /^\S+\s+(\S+)$/.exec(secret)?.[1]
  return [secret, ...(bare === undefined ? [] : [bare])]
    .flatMap((value) => [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value)])
    .filter((value) => value.length >= MIN_LENGTH)
}

// RegExp.escape is not in Node 22.
function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}
