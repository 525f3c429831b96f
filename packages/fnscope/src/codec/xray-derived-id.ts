// Ids for what X-Ray wants an id of and nobody gave one: inferred segments, exceptions of other makes.

const MASK = 0x5ca1ab1e_0ddba11fn

/**
 * 16 hex digits that follow from `spanId` and `index` alone, so every answer names the thing alike. Distinct for
 * distinct spans; meets another span's own id no more often than two random ids meet.
 */
export function derivedId(spanId: string, index = 0): string {
  return BigInt.asUintN(64, (BigInt(`0x${spanId}`) ^ MASK) + BigInt(index))
    .toString(16)
    .padStart(16, '0')
}
