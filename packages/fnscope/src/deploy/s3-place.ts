// Where a resolved CodeUri, Code, ContentUri or Content lies: in S3, or in an archive of this machine.
import type { S3Place } from './lookups.ts'
import { isMap, type TemplateValue } from './template-value.ts'

/** A path that names an archive instead of a directory. */
export function isArchive(path: string): boolean {
  return /\.(zip|jar)$/.test(path)
}

/** Undefined for a path or inline code. */
export function s3PlaceOf(value: TemplateValue | undefined): S3Place | undefined {
  if (typeof value === 'string') {
    const found = /^s3:\/\/([^/]+)\/([^?]+)(?:\?versionId=(.+))?$/.exec(value)
    return found ? placeOf(found[1], found[2], found[3]) : undefined
  }
  if (!isMap(value)) return undefined
  return (
    placeOf(value['S3Bucket'], value['S3Key'], value['S3ObjectVersion']) ??
    placeOf(value['Bucket'], value['Key'], value['Version'])
  )
}

function placeOf(
  bucket: TemplateValue | undefined,
  key: TemplateValue | undefined,
  version: TemplateValue | undefined,
): S3Place | undefined {
  if (typeof bucket !== 'string' || typeof key !== 'string') return undefined
  return { bucket, key, ...(typeof version === 'string' ? { version } : {}) }
}
