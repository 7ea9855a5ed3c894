// Every error that a user may meet is one of these classes. Lower layers throw them; only the
// edges (the API's error handler, the command line, the dispatcher's log) turn them into text.

/** Options that every rowhook error takes besides its message. */
export interface ErrorOptions {
  /** The next step for the person who reads it, one sentence. */
  hint?: string
  /** The error underneath; never shown to API clients, because it may hold a secret. */
  cause?: unknown
}

/** Base class: a stable `code`, the HTTP `status` at the API, and whether trying again can help. */
export class RowhookError extends Error {
  readonly code: string = 'internal'
  readonly status: number = 500
  readonly retryable: boolean = false
  readonly hint: string | undefined

  constructor(message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = new.target.name
    this.hint = options.hint
  }
}

/** One thing that is wrong with an input: `path` points into the document (`tables[0].filter`). */
export interface InputProblem {
  path: string
  message: string
  /** 1-based position in characters in the user's own text, where there is one. */
  position?: number
}

/** Bad input from a person or a script: 400 with `errors: [{path, message}]`. */
export class InputError extends RowhookError {
  override readonly code = 'invalid_input'
  override readonly status = 400
  readonly problems: InputProblem[]

  constructor(problems: InputProblem[], options: ErrorOptions = {}) {
    super(problems.map((p) => (p.path === '' ? p.message : `${p.path}: ${p.message}`)).join('; '), options)
    this.problems = problems
  }
}

/** What was named does not exist: 404. */
export class NotFoundError extends RowhookError {
  override readonly code = 'not_found'
  override readonly status = 404
}

/** It exists, but its state does not allow this (in use, name taken, already running): 409. */
export class ConflictError extends RowhookError {
  override readonly code = 'conflict'
  override readonly status = 409
}

/** No or a wrong bearer token: 401. */
export class UnauthorizedError extends RowhookError {
  override readonly code = 'unauthorized'
  override readonly status = 401
}

/** The token's scopes do not cover this: 403. */
export class ForbiddenError extends RowhookError {
  override readonly code = 'forbidden'
  override readonly status = 403
}

/** `If-Match` named a version that is no longer the current one: 412. */
export class PreconditionError extends RowhookError {
  override readonly code = 'precondition_failed'
  override readonly status = 412
}

/** A setting (environment variable, flag) is missing or wrong: ends the start with one line. */
export class ConfigError extends RowhookError {
  override readonly code = 'bad_config'
}

/** The database cannot be reached or is not in the state that this code needs. */
export class DatabaseError extends RowhookError {
  override readonly code: string = 'database'
  override readonly status = 503
  override readonly retryable = true
}

/** A lock on a user's table could not be had within `lock_timeout`, after all retries: 503. */
export class LockTimeoutError extends DatabaseError {
  override readonly code = 'lock_timeout'
}

/** A webhook would go to an address that is not public and that no setting opens: 400. */
export class AddressRefusedError extends RowhookError {
  override readonly code = 'address_refused'
  override readonly status = 400
}

/** A stored secret cannot be read: its key is gone from the settings, or its row was tampered with. */
export class DecryptionError extends RowhookError {
  override readonly code = 'undecryptable'
}
