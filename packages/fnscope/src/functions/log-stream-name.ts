// The name of an environment's log stream, as Lambda gives it.
import { randomUUID } from 'node:crypto'
import { newFcInstanceId } from './fc-id.ts'
import { versionOf, type FunctionSpec } from './function-spec.ts'

/** `YYYY/MM/DD/[$LATEST]<32 hex>`, or the version's number; with a log group of the function's own choice its name stands before `[`. A Function Compute instance's id. */
export function newLogStream(spec: FunctionSpec, nowNanos: bigint): string {
  if (spec.fc !== undefined) return newFcInstanceId(nowNanos)
  const day = new Date(Number(nowNanos / 1_000_000n)).toISOString().slice(0, 10).replaceAll('-', '/')
  const custom = spec.logGroup === `/aws/lambda/${spec.name}` ? '' : spec.name
  return `${day}/${custom}[${versionOf(spec)}]${randomUUID().replaceAll('-', '')}`
}
