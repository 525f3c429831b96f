// The pieces every expansion of a SAM resource is put together from: resources, references, ids with a hash in them.
import { createHash } from 'node:crypto'
import { isList, isMap, type TemplateMap, type TemplateValue } from '../template-value.ts'

/** Properties as an expansion writes them: what is undefined is left out. */
export type Draft = Readonly<Record<string, TemplateValue | undefined>>

/** The attributes of a resource beside its properties: Condition, DependsOn, DeletionPolicy … */
export type Attributes = TemplateMap

export function resource(type: string, properties: Draft, attributes: Attributes = {}): TemplateMap {
  return { Type: type, ...attributes, Properties: written(properties) }
}

/** Without what is undefined or null. */
export function written(draft: Draft): TemplateMap {
  const kept: Record<string, TemplateValue> = {}
  for (const [key, value] of Object.entries(draft)) if (value !== undefined && value !== null) kept[key] = value
  return kept
}

export function ref(id: string): TemplateMap {
  return { Ref: id }
}

export function getAtt(id: string, attribute: string): TemplateMap {
  return { 'Fn::GetAtt': [id, attribute] }
}

export function sub(text: string, variables?: TemplateMap): TemplateMap {
  return { 'Fn::Sub': variables === undefined ? text : [text, variables] }
}

const PASSED_ON = ['Condition', 'DeletionPolicy', 'UpdateReplacePolicy']
const OWN = [...PASSED_ON, 'DependsOn', 'Metadata', 'UpdatePolicy']

/** What a resource hands to those that SAM makes beside it. */
export function passedOn(source: TemplateMap): Attributes {
  return only(source, PASSED_ON)
}

/** What stays on the resource itself. */
export function ownAttributes(source: TemplateMap): Attributes {
  return only(source, OWN)
}

function only(source: TemplateMap, keys: readonly string[]): Attributes {
  return Object.fromEntries(Object.entries(source).filter(([key]) => keys.includes(key)))
}

/** A list of Key and Value of SAM's map of tags, SAM's own mark first. */
export function tagList(tags: TemplateValue | undefined, mark?: string): TemplateValue[] | undefined {
  const list: TemplateValue[] = mark === undefined ? [] : [{ Key: mark, Value: 'SAM' }]
  if (isList(tags)) list.push(...tags)
  else if (isMap(tags)) for (const [Key, Value] of Object.entries(tags)) list.push({ Key, Value })
  return list.length === 0 ? undefined : list
}

/** `prefix` and 10 hexadecimal digits of what `data` says: another id as soon as it says something else. */
export function hashedId(prefix: string, data: TemplateValue): string {
  return prefix + digest(typeof data === 'string' ? data : canonicalJson(data))
}

/** As SAM tells texts apart in ids: letters and digits as they are, anything else by its hash. */
export function idSuffix(prefix: string, text: string): string {
  return /^[A-Za-z0-9]+$/.test(text) ? prefix + text : text === '' ? prefix : prefix + digest(text)
}

function digest(text: string): string {
  return createHash('sha1').update(text).digest('hex').slice(0, 10)
}

// Sorted keys, no blanks, ASCII alone: the text that SAM hashes.
function canonicalJson(value: TemplateValue): string {
  if (isList(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (isMap(value)) {
    const pairs = Object.keys(value)
      .sort()
      .map((key) => `${ascii(key)}:${canonicalJson(value[key]!)}`)
    return `{${pairs.join(',')}}`
  }
  return typeof value === 'string' ? ascii(value) : JSON.stringify(value)
}

function ascii(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** `s3://bucket/key?versionId=v` or a map of Bucket, Key and Version as its parts; undefined for anything else. */
export function s3Location(
  value: TemplateValue | undefined,
): { readonly bucket: TemplateValue; readonly key: TemplateValue; readonly version?: TemplateValue } | undefined {
  if (isMap(value) && value['Bucket'] !== undefined && value['Key'] !== undefined) {
    const { Bucket: bucket, Key: key, Version: version } = value
    return { bucket: bucket!, key: key!, ...(version === undefined ? {} : { version }) }
  }
  const found = typeof value === 'string' ? /^s3:\/\/([^/]+)\/([^?]+)(?:\?versionId=(.+))?$/.exec(value) : null
  if (!found) return undefined
  return { bucket: found[1]!, key: found[2]!, ...(found[3] === undefined ? {} : { version: found[3] }) }
}

/** Code or Content of Lambda's own resources; a path of this machine stays text, as `package` commands take it. */
export function codeOf(value: TemplateValue | undefined): TemplateValue | undefined {
  const s3 = s3Location(value)
  if (!s3) return value
  return written({ S3Bucket: s3.bucket, S3Key: s3.key, S3ObjectVersion: s3.version })
}
