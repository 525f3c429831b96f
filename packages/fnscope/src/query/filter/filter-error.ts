// A filter expression that is refused: what is wrong, and where. Whoever took the expression answers it in his format.

export class FilterError extends Error {
  /** Characters (code points) before the mistake. */
  readonly position: number

  /** @param at UTF-16 units before the mistake */
  constructor(text: string, at: number, reason: string) {
    const position = Array.from(text.slice(0, at)).length
    super(`The filter expression cannot be used, at character ${position + 1}${nearOf(text, at)}: ${reason}`)
    this.name = 'FilterError'
    this.position = position
  }
}

const NEAR_CHARACTERS = 24

function nearOf(text: string, at: number): string {
  const near = Array.from(text.slice(at, at + 2 * NEAR_CHARACTERS))
    .slice(0, NEAR_CHARACTERS)
    .join('')
  const shown = near.replace(/[\s\p{Cc}]+/gu, ' ').trim()
  return shown === '' ? ' (its end)' : ` (${shown})`
}
