// What is kept of a receiver's answer: its first characters, without the secrets that it may echo.
import { createRedactor } from '../secret/redact.ts'

/** How many characters of an answer are kept. */
const shownChars = 1000

/**
 * Makes the function that shows answers of one endpoint; null: the answer was empty.
 * @param secrets that a request to this endpoint carries
 */
export function responseShower(secrets: readonly string[]): (body: string) => string | null {
  const { redact } = createRedactor(secrets)
  // Masked before it is cut: half a secret would not be recognised. Escaped, one is twelve times as long at
  // most. A signature has a hundred characters.
  const read = shownChars + 12 * Math.max(100, ...secrets.map(({ length }) => length))
  return (body) => (body === '' ? null : redact(body.slice(0, read)).slice(0, shownChars))
}
