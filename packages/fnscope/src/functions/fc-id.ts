// Ids as Function Compute makes them: of requests and of instances. Edition 2 has UUIDs for requests.
import { randomBytes, randomUUID } from 'node:crypto'
import type { FcSpec } from './fc-spec.ts'

/** `1-67a720bd-15933561-8ab9b99753be`: the second, then 10 random bytes. */
function timed(prefix: string, nowNanos: bigint): string {
  const seconds = (nowNanos / 1_000_000_000n).toString(16).padStart(8, '0')
  const random = randomBytes(10).toString('hex')
  return `${prefix}-${seconds}-${random.slice(0, 8)}-${random.slice(8)}`
}

export function newFcRequestId(fc: FcSpec, nowNanos: bigint): string {
  return fc.edition === '2' ? randomUUID() : timed('1', nowNanos)
}

/** `c-67a720bd-15933561-8ab9b99753be` */
export function newFcInstanceId(nowNanos: bigint): string {
  return timed('c', nowNanos)
}
