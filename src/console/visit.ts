// What each page is given: the operations, as the person who is signed in, and the form they sent.
import type { Context } from 'hono'
import type { Operations } from './operations.ts'
import type { SentForm } from './sentForm.ts'

/** Hono's environment of all pages behind the sign-in. */
export interface ConsoleEnv {
  Variables: {
    operations: Operations
    sessionId: string
    /** The text that forms carry. */
    formToken: string
    /** The form of a POST; its form token was checked. */
    form: SentForm
  }
}

/** One request to a page. */
export type Visit = Context<ConsoleEnv>
