// Numbers as `annotations.number_order` holds them: integers that sort as the numbers do. The view in schema/001 does the
// same in SQL.

const bits = new DataView(new ArrayBuffer(8))
const SIGN_FREE = 0x7fffffffffffffffn

/** NaN lies beyond both infinities. */
export function numberOrder(value: number): bigint {
  // + 0: there is one zero
  bits.setFloat64(0, value + 0)
  const signed = bits.getBigInt64(0)
  return signed < 0n ? signed ^ SIGN_FREE : signed
}
