// How loud a line is, in the words of many loggers, as OpenTelemetry's SeverityNumber.

const NUMBERS: Readonly<Record<string, number>> = {
  TRACE: 1,
  SILLY: 1,
  FINEST: 1,
  VERBOSE: 2,
  DEBUG: 5,
  FINE: 5,
  INFO: 9,
  INFORMATION: 9,
  INFORMATIONAL: 9,
  HTTP: 9,
  NOTICE: 10,
  WARN: 13,
  WARNING: 13,
  ERROR: 17,
  ERR: 17,
  SEVERE: 17,
  CRITICAL: 21,
  CRIT: 21,
  FATAL: 21,
  PANIC: 21,
  ALERT: 21,
  EMERG: 21,
  EMERGENCY: 21,
}

/** pino's and bunyan's, also Python's `levelno` up to 50. */
const BY_TENS: readonly (readonly [severity: string, number: number])[] = [
  ['TRACE', 1],
  ['DEBUG', 5],
  ['INFO', 9],
  ['WARN', 13],
  ['ERROR', 17],
  ['FATAL', 21],
]

export interface Severity {
  /** As the line says it; '' when it says none that is known. */
  readonly severity: string
  /** 1 to 24; 0 unknown. */
  readonly severityNumber: number
}

export const NO_SEVERITY: Severity = { severity: '', severityNumber: 0 }

/** Of a level's name in any case. */
export function severityOfName(name: string): Severity {
  const upper = name.toUpperCase()
  const severityNumber = Object.hasOwn(NUMBERS, upper) ? NUMBERS[upper]! : 0
  return severityNumber === 0 ? NO_SEVERITY : { severity: name, severityNumber }
}

/** Of a level by number: 10 trace, 20 debug, 30 info, 40 warn, 50 error, 60 fatal. */
export function severityOfTens(level: number): Severity {
  const found = Number.isInteger(level) && level >= 10 && level < 70 ? BY_TENS[Math.floor(level / 10) - 1] : undefined
  return found === undefined ? NO_SEVERITY : { severity: found[0], severityNumber: found[1] }
}
