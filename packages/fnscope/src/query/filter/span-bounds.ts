// Conditions inside service() and edge() as conditions on one stored span: a node's segment, or a call. What may stand in
// other spans of the segment, as annotations do, is unknown here.
import { ROOT_RANK } from '../../span/span-batch.ts'
import type { SpanQuery, TextField } from '../../store/store.ts'
import { allBounds, anyBounds, exactly, EVERY, NONE, notBounds, UNKNOWN, type Bounds } from './bounds.ts'
import type {
  FilterExpression,
  FlagKeyword,
  Known,
  NumberKeyword,
  NumberTest,
  TextKeyword,
  TextTest,
} from './expression.ts'
import { nanosTestOf } from './measures.ts'

/** segment: of a node that reports; inferred: the call of one that does not; edge: a call, or the callee's segment. */
export type SpanRole = 'segment' | 'inferred' | 'edge'

export function spanBounds(where: FilterExpression | undefined, role: SpanRole): Bounds<SpanQuery> {
  switch (where?.is) {
    case undefined:
      return exactly(EVERY)
    case 'and':
      return allBounds(where.of.map((one) => spanBounds(one, role)))
    case 'or':
      return anyBounds(where.of.map((one) => spanBounds(one, role)))
    case 'not':
      return notBounds(spanBounds(where.of, role))
    case 'flag':
      return flagBounds(where.keyword, role)
    case 'number':
      return numberBounds(where.keyword, where.test)
    case 'text':
      return textBounds(where.keyword, where.test, role)
    default:
      return UNKNOWN
  }
}

function flagBounds(keyword: FlagKeyword, role: SpanRole): Bounds<SpanQuery> {
  switch (keyword) {
    case 'ok':
    case 'error':
    case 'fault':
    case 'throttle':
      return exactly({ is: 'flag', flag: keyword })
    case 'inferred':
      return role === 'edge' ? UNKNOWN : exactly(role === 'inferred' ? EVERY : NONE)
    case 'root':
      return role === 'inferred' ? exactly(NONE) : UNKNOWN
    default:
      return UNKNOWN
  }
}

export function numberBounds(keyword: NumberKeyword, test: NumberTest | Known): Bounds<SpanQuery> {
  switch (keyword) {
    case 'responsetime':
    case 'duration':
      return exactly(durationQuery(test))
    case 'http.status':
      if (test.op === 'known') return exactly({ is: 'number', field: 'httpStatus', op: '>', value: 0 })
      return exactly({ is: 'number', field: 'httpStatus', ...test })
    default:
      return UNKNOWN
  }
}

export function durationQuery(test: NumberTest | Known): SpanQuery {
  if (test.op === 'known') return EVERY
  const exact = nanosTestOf(test)
  if (exact === 'always') return EVERY
  return exact === 'never' ? NONE : { is: 'number', field: 'duration', op: exact.op, value: exact.nanos }
}

/** Of HTTP, what calls keep among their attributes has a column in segments alone. */
const SEGMENT_FIELDS: Partial<Record<TextKeyword, TextField>> = {
  'http.url': 'httpUrl',
  'http.useragent': 'httpUserAgent',
  'http.clientip': 'httpClientIp',
}

function textBounds(keyword: TextKeyword, test: TextTest | Known, role: SpanRole): Bounds<SpanQuery> {
  const field = textFieldOf(keyword, role)
  if (field === undefined) return UNKNOWN
  const query: SpanQuery = { is: 'text', field, ...textQuery(test) }
  // The store's account is also what other fields say of it.
  return field === 'accountId' ? { upper: test.op === '!=' ? EVERY : query, lower: NONE } : exactly(query)
}

function textFieldOf(keyword: TextKeyword, role: SpanRole): TextField | undefined {
  switch (keyword) {
    case 'http.method':
      return 'httpMethod'
    case 'name':
      return role === 'edge' ? undefined : role === 'segment' ? 'service' : 'peerName'
    case 'type':
      return role === 'edge' ? undefined : role === 'segment' ? 'origin' : 'peerType'
    case 'account.id':
      return role === 'edge' ? undefined : 'accountId'
    default:
      return role === 'segment' ? SEGMENT_FIELDS[keyword] : undefined
  }
}

export function textQuery(test: TextTest | Known): TextTest | { readonly op: 'exists' } {
  return test.op === 'known' ? { op: 'exists' } : test
}

/** Listed by nothing better than a streamed subsegment: nothing of its root is stored. */
export const IS_DETACHED: SpanQuery = { is: 'number', field: 'rootRank', op: '=', value: ROOT_RANK.detached }
