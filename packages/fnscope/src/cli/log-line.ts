// One log line as a person reads it: `time function line`; the platform's own lines dimmed, errors red.
import { printable, type Painter } from './terminal.ts'

export interface ShownLine {
  /** Epoch milliseconds. */
  readonly timeMs: number
  readonly function: string
  readonly kind: string
  readonly severity: string
  readonly body: string
}

/** `short`: the time of day alone, for lines that appear as they happen. */
export function formatLogLine(line: ShownLine, painter: Painter, time: 'full' | 'short' = 'full'): string {
  const { paint } = painter
  const body = printable(line.body.replaceAll(/\r\n?/g, '\n'))
  const styled =
    line.kind === 'platform'
      ? paint('dim', body)
      : /^(ERROR|FATAL|CRITICAL)$/i.test(line.severity)
        ? paint('red', body)
        : body
  const iso = new Date(line.timeMs).toISOString()
  const shownTime = time === 'full' ? iso : iso.slice(11, 23)
  return `${paint('dim', shownTime)} ${paint('cyan', printable(line.function))} ${styled}`
}
