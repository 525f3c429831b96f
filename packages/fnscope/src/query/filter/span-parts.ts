// What of a trace's spans decides whether it meets an expression (evaluate.ts), beside its shape: the rest is not read.
import type { SpanPart } from '../../store/store.ts'
import type { FilterCondition, FilterExpression, TextKeyword } from './expression.ts'

export function partsOf(expression: FilterExpression): SpanPart[] {
  return [...new Set(partsIn(expression))]
}

function partsIn(expression: FilterExpression): readonly SpanPart[] {
  switch (expression.is) {
    case 'and':
    case 'or':
      return expression.of.flatMap(partsIn)
    case 'not':
      return partsIn(expression.of)
    case 'service':
    case 'edge':
      return expression.where === undefined ? [] : partsIn(expression.where)
    case 'rootCause':
    case 'rootCauseJson':
      return ['exceptions']
    default:
      return partsOfCondition(expression)
  }
}

function partsOfCondition(condition: FilterCondition): readonly SpanPart[] {
  switch (condition.is) {
    case 'flag':
      return []
    case 'number':
      return condition.keyword === 'http.status' ? ['http'] : []
    case 'text':
      return PARTS_OF_TEXTS[condition.keyword]
    case 'annotation':
      return ['annotations']
  }
}

const PARTS_OF_TEXTS: Readonly<Record<TextKeyword, readonly SpanPart[]>> = {
  'http.url': ['http'],
  'http.method': ['http'],
  'http.useragent': ['http'],
  'http.clientip': ['http'],
  user: ['user'],
  name: [],
  type: [],
  'account.id': [],
  message: ['exceptions'],
  availabilityzone: ['attributes'],
  'instance.id': ['attributes'],
  'resource.arn': ['resourceArn'],
}
