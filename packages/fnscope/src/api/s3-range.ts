// The Range header of a GET, as S3 reads it: one range; several of them, or another unit, are as none.
import { s3Error } from './s3-error.ts'

export interface ByteRange {
  readonly start: number
  /** The last byte, included. */
  readonly end: number
}

/** @throws ServiceError InvalidRange when no byte of the object lies in it */
export function readRange(header: string | undefined, size: number): ByteRange | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '')
  if (match === null || (match[1] === '' && match[2] === '')) return undefined
  const [from, to] = [match[1]!, match[2]!]
  const start = from === '' ? Math.max(size - Number(to), 0) : Number(from)
  const end = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1)
  if (start >= size || (from === '' && Number(to) === 0))
    throw s3Error('InvalidRange', undefined, { RangeRequested: header, ActualObjectSize: size })
  return end < start ? undefined : { start, end }
}
