// A tag of a Jaeger process as a value: processes are few, and each is read once.
import type { AttributeValue } from '../span/attribute-value.ts'
import type { WireTag } from './jaeger-rows.ts'
import { bytesOf, stringOf } from './otlp-text.ts'
import { LETTER } from './otlp-value.ts'

export function attributeValueOf(view: DataView, { letter, start, end, low, high, real }: WireTag): AttributeValue {
  switch (letter) {
    case LETTER.string:
      return stringOf(view, start, end)
    case LETTER.integer:
      return (BigInt(high) << 32n) | BigInt(low >>> 0)
    case LETTER.double:
      return real
    case LETTER.bytes:
      return bytesOf(view, start, end).slice()
    default:
      return low !== 0
  }
}
