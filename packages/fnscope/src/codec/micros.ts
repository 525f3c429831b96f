// Microseconds of the wire to the nanoseconds of the model, as the halves that columns take: exact, and no bigint.

const TWO_20 = 2 ** 20
const TWO_32 = 2 ** 32

// Thousand times a number of up to 53 bits has up to 63: in two parts, of which each stays a whole number.

/** The lower 32 bits, as a signed number, of the nanoseconds in a whole number of microseconds of either sign. */
export function lowOfMicros(micros: number): number {
  const upper = Math.floor(micros / TWO_20) * 1000
  const lower = (micros - Math.floor(micros / TWO_20) * TWO_20) * 1000
  return ((upper % 4096) * TWO_20 + lower) | 0
}

/** The upper 32 bits. */
export function highOfMicros(micros: number): number {
  const upper = Math.floor(micros / TWO_20) * 1000
  const lower = (micros - Math.floor(micros / TWO_20) * TWO_20) * 1000
  return (Math.floor(upper / 4096) + Math.floor(((((upper % 4096) + 4096) % 4096) * TWO_20 + lower) / TWO_32)) | 0
}
