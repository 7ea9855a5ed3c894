// Pages that renew themselves at the same word ask for the same things: those of one token share what the
// API answered within the last second. Pages that a person loads are never served from here.

/** Answers by question; a question holds the token, so nobody is told what they may not see. */
export interface SharedAnswers {
  get(question: string, ask: () => Promise<unknown>): Promise<unknown>
  /** Something was changed here: what was answered before is old. */
  clear(): void
}

const lifeMs = 900

export function createSharedAnswers(): SharedAnswers {
  const answers = new Map<string, Promise<unknown>>()
  return {
    get(question, ask) {
      const known = answers.get(question)
      if (known !== undefined) return known
      const answer = ask()
      answers.set(question, answer)
      const forget = () => {
        if (answers.get(question) === answer) answers.delete(question)
      }
      setTimeout(forget, lifeMs).unref()
      answer.catch(forget)
      return answer
    },
    clear: () => answers.clear(),
  }
}
