// What a write request of DataKit or DataWay says beside its body: the category, the form of the points, the arguments.
import type { FastifyRequest } from 'fastify'

import type { PointFormat, PointsContext } from '../codec/decode-points.ts'
import { parsePrecision } from '../codec/point-time.ts'
import { POINT_LIMITS, type PointTag } from '../codec/point.ts'
import type { DatakitErrorCode } from './datakit-error.ts'

export type Echo = 'lp' | 'json' | 'pbjson'

export interface PointRequest extends Pick<
  PointsContext,
  'category' | 'format' | 'precision' | 'extraTags' | 'strict'
> {
  /** Read and answered, not kept. */
  readonly dry: boolean
  /** The points go back as they were understood, in this form. */
  readonly echo: Echo | undefined
  readonly ignoresHostTags: boolean
}

/** Why a request is refused before its body is read. */
export interface PointRequestError {
  readonly code: DatakitErrorCode
  readonly message: string
}

const CATEGORY = /^[a-z][a-z0-9_-]{0,63}$/i
const ECHOES: readonly string[] = ['lp', 'json', 'pbjson'] satisfies Echo[]

export function readPointRequest(request: FastifyRequest, category: string): PointRequest | PointRequestError {
  const query = new URLSearchParams(request.url.split('?', 2)[1] ?? '')
  const precision = parsePrecision(query.get('precision') ?? '')
  if (!CATEGORY.test(category))
    return { code: 'datakit.invalidCategory', message: 'A category is a word of letters, digits, _ and -.' }
  if (precision === undefined)
    return { code: 'datakit.invalidPrecision', message: 'precision is one of n, u, ms, s, m and h.' }
  const echo = query.get('echo') ?? (isSet(query, 'echo_line_proto') ? 'lp' : isSet(query, 'echo_json') ? 'json' : '')
  return {
    category,
    format: formatOf(query.get('encoding') ?? '', request.headers['content-type'] ?? ''),
    precision,
    extraTags: parseTags(String(request.headers['x-global-tags'] ?? '')),
    strict: isSet(query, 'strict'),
    dry: isSet(query, 'dry'),
    echo: ECHOES.includes(echo) ? (echo as Echo) : undefined,
    ignoresHostTags: isSet(query, 'ignore_global_host_tags') || isSet(query, 'ignore_global_tags'),
  }
}

/** DataKit takes any value for yes. */
function isSet(query: URLSearchParams, name: string): boolean {
  return !['', '0', 'false'].includes(query.get(name) ?? '')
}

const ENCODINGS: ReadonlyMap<string, PointFormat> = new Map([
  ['v1', 'line'],
  ['lp', 'line'],
  ['lineproto', 'line'],
  ['line-protocol', 'line'],
  ['v2', 'protobuf'],
  ['pb', 'protobuf'],
  ['protobuf', 'protobuf'],
  ['json', 'json'],
  ['pbjson', 'pbjson'],
])

/** The argument `encoding`, or the content type; line protocol is what has neither. */
function formatOf(encoding: string, contentType: string): PointFormat {
  const type = contentType.toLowerCase()
  return (
    ENCODINGS.get(encoding.toLowerCase()) ??
    (type.startsWith('application/pbjson')
      ? 'pbjson'
      : type.startsWith('application/protobuf') || type.startsWith('application/x-protobuf')
        ? 'protobuf'
        : type.startsWith('application/json')
          ? 'json'
          : 'line')
  )
}

/** `k=v,k=v`; what is no pair is left out. */
export function parseTags(text: string): PointTag[] {
  return text
    .split(',', POINT_LIMITS.tags)
    .map((pair): PointTag => {
      const at = pair.indexOf('=')
      return { key: pair.slice(0, Math.max(0, at)).trim(), value: pair.slice(at + 1).trim() }
    })
    .filter(({ key, value }) => key !== '' && value !== '')
}
