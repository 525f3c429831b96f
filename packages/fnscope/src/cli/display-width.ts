// How many columns a text takes on a terminal, and cutting it to that many. Characters as a reader sees them: an emoji
// of several code points is one, of two columns; a combining accent takes none.
const WIDE =
  /^(?:\p{Emoji_Presentation}|\p{Script=Han}|\p{Script=Hangul}|\p{Script=Hiragana}|\p{Script=Katakana}|[\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]|.*\ufe0f)/su
const NARROW = /^[\uff61-\uffdc]/
const ASCII = /^[\u0020-\u007e]*$/
const NO_COLUMN = /^[\p{Mn}\p{Me}\p{Cf}]+$/u

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

function columnsOf(grapheme: string): number {
  if (NO_COLUMN.test(grapheme)) return 0
  return WIDE.test(grapheme) && !NARROW.test(grapheme) ? 2 : 1
}

/** Columns of a text without escapes or control characters. */
export function displayWidth(text: string): number {
  if (ASCII.test(text)) return text.length
  let width = 0
  for (const { segment } of graphemes.segment(text)) width += columnsOf(segment)
  return width
}

/** The text when it fits in `columns`, else as much of it as leaves room for `…`. */
export function cutToWidth(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text
  if (columns < 1) return ''
  let kept = ''
  let width = 0
  for (const { segment } of graphemes.segment(text)) {
    width += columnsOf(segment)
    if (width > columns - 1) break
    kept += segment
  }
  return `${kept}…`
}
