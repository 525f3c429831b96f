// How the command line looks: colours only where a person sees them, and the marks every command shares.
import { styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]

export interface Painter {
  readonly paint: (style: Style, text: string) => string
  /** Columns of the terminal; Infinity where there is none, so that nothing is cut in a pipe or a file. */
  readonly columns: number
  /** A person reads this, not a program. */
  readonly isTerminal: boolean
}

/** Colours for `stream` unless it is no terminal or NO_COLOR is set; FORCE_COLOR insists. */
export function createPainter(
  stream: { readonly isTTY?: boolean; readonly columns?: number },
  env: NodeJS.ProcessEnv,
): Painter {
  const isTerminal = stream.isTTY === true
  const force = env['FORCE_COLOR']
  const forced = force !== undefined && force !== '0' && force !== 'false'
  const forbidden = Boolean(env['NO_COLOR']) || (force !== undefined && !forced) || env['TERM'] === 'dumb'
  return {
    paint:
      forced || (isTerminal && !forbidden)
        ? (style, text) => styleText(style, text, { validateStream: false })
        : (_, text) => text,
    // a terminal that does not know its width says 0
    columns: isTerminal ? stream.columns || 80 : Infinity,
    isTerminal,
  }
}

/** Control characters, and those that turn the direction of what follows. */
const UNSAFE = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu

/** Text from functions and clients, safe on a terminal: control characters other than tab and newline become visible. */
export function printable(text: string): string {
  return text.replaceAll(UNSAFE, (char) => (char === '\t' || char === '\n' ? char : visible(char)))
}

/** The same for what must stay on its line and in its column: tabs and newlines become visible as well. */
export function printableLine(text: string): string {
  return text.replaceAll(UNSAFE, visible)
}

function visible(char: string): string {
  const code = char.codePointAt(0)!
  if (code < 32) return String.fromCodePoint(0x2400 + code)
  return code === 127 ? '␡' : '�'
}

/** 12 ms, 1.24 s, 740 µs: three figures at most. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return '?'
  if (ms <= 0) return '0 ms'
  if (ms >= 99_995) return `${Math.round(ms / 1000)} s`
  if (ms >= 9_995) return `${(ms / 1000).toFixed(1)} s`
  if (ms >= 999.5) return `${(ms / 1000).toFixed(2)} s`
  if (ms >= 9.95) return `${ms.toFixed(0)} ms`
  if (ms >= 0.9995) return `${ms.toFixed(1)} ms`
  return `${Math.round(ms * 1000)} µs`
}

/** 1h, 30m, 90s, 7d → milliseconds; undefined for anything else. */
export function parseAge(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text)
  if (!match) return undefined
  const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[match[2] as 'ms' | 's' | 'm' | 'h' | 'd']
  return Number(match[1]) * unit
}
