// What the tests of Jaeger's query API send: one trace of every kind of value, over OTLP/JSON, its times given.
export const TRACE = '5f4b3c2a1234567890abcdef12345678'
/** Its high half is zero. */
export const SHORT_TRACE = 'a0abcdef12345678'

const text = (value: string) => ({ stringValue: value })
const attribute = (key: string, value: unknown) => ({ key, value })

interface SpanOptions {
  readonly afterNanos?: bigint
  readonly lengthNanos?: bigint
  readonly [field: string]: unknown
}

/** @param startNanos of the root */
export function otlpRequest(startNanos: bigint): object {
  const span = (spanId: string, name: string, { afterNanos = 0n, lengthNanos = 5_000_000n, ...more }: SpanOptions) => ({
    traceId: TRACE,
    spanId,
    name,
    startTimeUnixNano: String(startNanos + afterNanos),
    endTimeUnixNano: String(startNanos + afterNanos + lengthNanos),
    ...more,
  })
  const root = span('00000000000000a1', 'GET /', {
    lengthNanos: 100_000_000n,
    kind: 2,
    traceState: 'a=b',
    attributes: [
      attribute('customer', text('cust-1')),
      attribute('big', { intValue: '9223372036854775807' }),
      attribute('small', { intValue: '7' }),
      attribute('half', { doubleValue: 0.5 }),
      attribute('odd', { doubleValue: 'NaN' }),
      attribute('yes', { boolValue: true }),
      attribute('list', { arrayValue: { values: [text('a'), { intValue: '9007199254740993' }] } }),
      attribute('bytes', { bytesValue: 'AAEC/w==' }),
      attribute('http.status_code', { intValue: '200' }),
    ],
    events: [
      {
        timeUnixNano: String(startNanos + 1_234_567n),
        name: 'exception',
        attributes: [attribute('exception.type', text('E')), attribute('attempt', { intValue: '3' })],
      },
    ],
    status: { code: 2, message: 'nope' },
  })
  const query = span('00000000000000a2', 'SELECT', {
    afterNanos: 1_000_999n,
    lengthNanos: 1_000_001n,
    parentSpanId: '00000000000000a1',
    kind: 3,
    links: [
      { traceId: '0000000000000000000000000000abcd', spanId: '00000000000000b1' },
      {
        traceId: 'ffffffffffffffff000000000000abcd',
        spanId: '00000000000000b2',
        attributes: [attribute('opentracing.ref_type', text('child_of'))],
      },
    ],
    status: { code: 1 },
  })
  const backwards = span('00000000000000a3', 'backwards', {
    afterNanos: 2_000_000n,
    lengthNanos: -5n,
    parentSpanId: '00000000000000a1',
  })
  const bill = span('00000000000000a4', 'bill', { afterNanos: 3_000_000n, parentSpanId: '00000000000000a1', kind: 2 })
  const short = {
    ...span('00000000000000c1', 'short', { afterNanos: 10_000_000n }),
    traceId: SHORT_TRACE.padStart(32, '0'),
  }
  const resource = (name: string, ...more: object[]) => ({
    attributes: [attribute('service.name', text(name)), ...more],
  })
  return {
    resourceSpans: [
      {
        resource: resource('shop', attribute('team', text('payments')), attribute('pid', { intValue: '42' })),
        scopeSpans: [{ scope: { name: 'lib', version: '2.0' }, spans: [root, query, backwards] }],
      },
      { resource: resource('billing'), scopeSpans: [{ spans: [bill] }] },
      { resource: resource('shop'), scopeSpans: [{ spans: [short] }] },
    ],
  }
}
