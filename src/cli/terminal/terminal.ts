// Where a command prints, and what that place can show.

/** Output of a command. Scripts read standard output; everything else goes to standard error. */
export interface Terminal {
  /** Writes a line to standard output. */
  print(line: string): void
  /** Writes a line to standard error: notes, progress, errors. */
  note(line: string): void
  /** Replaces the last line on standard error where that is a terminal; elsewhere does nothing. */
  progress(line: string | undefined): void
  /** Asks a yes-or-no question; false at once where nobody could answer. */
  confirm(question: string): Promise<boolean>
  /** Whether a person can answer questions. */
  readonly interactive: boolean
  /** Whether standard output shows colours. */
  readonly coloured: boolean
  /** Characters per line of standard output; undefined: it is no terminal, nothing is cut. */
  readonly columns: number | undefined
}
