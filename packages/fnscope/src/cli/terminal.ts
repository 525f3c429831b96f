// How the command line looks: colours only where a person sees them, and the marks every command shares.
import { styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]

export interface Painter {
  readonly paint: (style: Style, text: string) => string
  /** Columns of the terminal; 100 where there is none. */
  readonly columns: number
}

/** Colours for `stream` unless it is no terminal or NO_COLOR is set; FORCE_COLOR insists. */
export function createPainter(
  stream: { readonly isTTY?: boolean; readonly columns?: number },
  env: NodeJS.ProcessEnv,
): Painter {
  const forced = env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '0'
  const colour = forced || (stream.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb')
  return {
    paint: colour ? (style, text) => styleText(style, text, { validateStream: false }) : (_, text) => text,
    columns: stream.columns ?? 100,
  }
}

/** Text from functions and clients, safe on a terminal: control characters other than tab become visible. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (char) => (char === '\t' || char === '\n' ? char : visible(char)))
}

function visible(char: string): string {
  const code = char.codePointAt(0)!
  return code < 32 ? String.fromCodePoint(0x2400 + code) : '�'
}

/** 12 ms, 1.24 s, 740 µs: three figures at most. */
export function formatDuration(ms: number): string {
  if (ms >= 100_000) return `${Math.round(ms / 1000)} s`
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`
  if (ms >= 10) return `${ms.toFixed(0)} ms`
  if (ms >= 1) return `${ms.toFixed(1)} ms`
  return `${Math.round(ms * 1000)} µs`
}

/** 1h, 30m, 90s, 7d → milliseconds; undefined for anything else. */
export function parseAge(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text)
  if (!match) return undefined
  const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[match[2] as 'ms' | 's' | 'm' | 'h' | 'd']
  return Number(match[1]) * unit
}
