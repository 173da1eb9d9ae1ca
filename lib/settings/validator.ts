/**
 * Text in, value out. One validator serves a variable of the environment, the content of its `_FILE` and the
 * option in code.
 */
export interface Validator<T> {
  /** What is accepted, as it follows the word "expected". */
  readonly expected: string
  /** Where only a few words are accepted, in any case: these. */
  readonly words?: readonly string[]
  /** Throws {@link Refusal} for everything else. */
  readonly parse: (text: string) => T
}

/**
 * Why a text is not accepted. Its message is ours alone and never contains the text: every other error that a
 * parser throws (`new URL`, `JSON.parse`, envalid) may, so only this class is ever reported.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal'
}

/** Ends a validator with a reason more helpful than its `expected`. */
export function refuse(message: string): never {
  throw new Refusal(message)
}

/** A text that matches, surrounding white space dropped. */
export function matching(pattern: RegExp, expected: string): Validator<string> {
  return {
    expected,
    parse: (text) => (pattern.test(text.trim()) ? text.trim() : refuse(`expected ${expected}`)),
  }
}

/** One of a few words, in any case. */
export function choice<const T extends string>(...words: readonly T[]): Validator<T> {
  const expected = `one of ${words.join(', ')}`
  return {
    expected,
    words,
    parse: (text) =>
      words.find((word) => word === text.trim().toLowerCase()) ?? refuse(`expected ${expected}`),
  }
}
