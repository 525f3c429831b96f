// Spans made by hand for the tests of query/ and api/: the Lambda trace of AWS's guide, and small pieces.
import { completeSpan, type Span, type SpanInput } from '../span/span.ts'
import { ROOT_RANK } from '../span/span-batch.ts'
import { secondsToNanos } from '../span/time.ts'

/** Start of the guide's trace. */
export const GUIDE_SECONDS = 1675436390.204
export const GUIDE_TRACE = '63dd2166434a12c22e1307ff2114f299'
const FUNCTION_NAME = 'sam-app-HelloWorldFunction-YBg8yfYtOc9j'

type Piece = Partial<SpanInput> & { readonly id: string; readonly start: number; readonly end?: number }

/** A span in seconds; `id` is its digits' last ones. */
export function spanAt(piece: Piece): Span {
  const { id, start, end, ...rest } = piece
  return completeSpan({
    traceId: GUIDE_TRACE,
    spanId: id.padStart(16, '0'),
    startNanos: secondsToNanos(start),
    ...(end === undefined ? {} : { endNanos: secondsToNanos(end) }),
    name: id,
    source: 'xray',
    service: '',
    receivedNanos: secondsToNanos(start + 1),
    ...rest,
    ...(rest.parentId === undefined ? {} : { parentId: rest.parentId.padStart(16, '0') }),
  })
}

/** A segment: its service is its name. */
export function segmentAt(piece: Piece): Span {
  const rootRank = piece.parentId === undefined ? ROOT_RANK.root : ROOT_RANK.entry
  return spanAt({ segment: true, rootRank, service: piece.name ?? piece.id, ...piece })
}

/** Both segments of a cold Lambda invocation in the old style, with Powertools' subsegments. */
export function guideTrace(start = GUIDE_SECONDS): Span[] {
  const at = (seconds: number): number => start + seconds
  const receivedNanos = secondsToNanos(start + 1)
  const one = { name: FUNCTION_NAME, receivedNanos }
  return [
    segmentAt({ ...one, id: '51', start, end: at(0.924), origin: 'AWS::Lambda', http: { status: 200 } }),
    segmentAt({
      ...one,
      id: 'f1',
      parentId: '51',
      start: at(0.89),
      end: at(0.906),
      origin: 'AWS::Lambda::Function',
      accountId: '000000000000',
      resourceArn: 'arn:aws:lambda:us-east-1:000000000000:function:hello',
    }),
    spanAt({ receivedNanos, id: 'a1', parentId: 'f1', start: at(0.136), end: at(0.875), name: 'Initialization' }),
    spanAt({ receivedNanos, id: 'b1', parentId: 'f1', start: at(0.89), end: at(0.906), name: 'Invocation' }),
    spanAt({
      receivedNanos,
      id: 'c1',
      parentId: 'b1',
      start: at(0.892),
      end: at(0.905),
      name: '## lambda_handler',
      annotations: { ColdStart: true, Service: 'PowertoolsHelloWorld' },
    }),
    spanAt({ receivedNanos, id: 'd1', parentId: 'c1', start: at(0.893), end: at(0.8934), name: '## app.hello' }),
    spanAt({ receivedNanos, id: 'e1', parentId: 'f1', start: at(0.906), end: at(0.9062), name: 'Overhead' }),
  ]
}
