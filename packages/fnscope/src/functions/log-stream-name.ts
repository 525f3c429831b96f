// The name of an environment's log stream, as Lambda gives it.
import { randomUUID } from 'node:crypto'
import type { FunctionSpec } from './function-spec.ts'

/** `YYYY/MM/DD/[$LATEST]<32 hex>`; with a log group of the function's own choice its name stands before `[`. */
export function newLogStream(spec: FunctionSpec, nowNanos: bigint): string {
  const day = new Date(Number(nowNanos / 1_000_000n)).toISOString().slice(0, 10).replaceAll('-', '/')
  const custom = spec.logGroup === `/aws/lambda/${spec.name}` ? '' : spec.name
  return `${day}/${custom}[$LATEST]${randomUUID().replaceAll('-', '')}`
}
