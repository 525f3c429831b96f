// fnscope's own log: pino to stderr, one line an event, constant message with fields beside it. Quiet when healthy.
import { destination, pino, type Logger } from 'pino'

export type { Logger }

/** A logger to stderr, so that stdout stays the command's answer. Levels: trace debug info warn error silent. */
export function createLogger(level = 'warn'): Logger {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination({ dest: 2, sync: true }))
}

/** A logger that says nothing, for tests and one-shot commands. */
export const silentLogger: Logger = pino({ level: 'silent' })
