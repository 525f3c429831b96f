// Trace and span ids as DataKit's inputs write them, in decimal or in hex: 64 bits in decimal from ddtrace, hex from
// OpenTelemetry, 32 hex digits where a trace id has 128 bits.
import type { AttributeValue } from '../span/attribute-value.ts'

const HEX = /^[0-9a-f]{1,32}$/i
const DECIMAL = /^\d{1,20}$/
const SIXTEEN = 16
const MAX_UINT64 = 2n ** 64n - 1n

/**
 * Up to 128 bits; undefined when it is no id.
 * @param prefersHex sixteen digits are hex, as they are from every make but ddtrace
 */
export function parsePointId(value: AttributeValue | undefined, prefersHex: boolean): bigint | undefined {
  if (typeof value === 'bigint') return value >= 0n && value <= MAX_UINT64 ? value : undefined
  if (typeof value !== 'string') return undefined
  if (DECIMAL.test(value) && !(prefersHex && value.length === SIXTEEN)) {
    const id = BigInt(value)
    return id <= MAX_UINT64 ? id : undefined
  }
  return HEX.test(value) ? BigInt(`0x${value}`) : undefined
}
