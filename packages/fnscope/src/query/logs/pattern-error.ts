// What is wrong with a pattern or a query that somebody wrote, and where.

export class PatternError extends Error {
  /** Of the character, from 0. */
  readonly position: number

  constructor(message: string, position: number) {
    super(message)
    this.name = 'PatternError'
    this.position = position
  }
}
