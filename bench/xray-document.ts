// The documents that the UDP benchmark sends: what an instrumented web service sends for one request, about 900 bytes
// with a subsegment for the query it made. Trace and span ids follow from run and number, so that each can be asked for.

const HEADER = '{"format":"json","version":1}\n'

/** @param run 16 hex digits */
export function traceIdOf(run: string, number: number): string {
  return `1-${run.slice(0, 8)}-${run.slice(8)}${number.toString(16).padStart(16, '0')}`
}

/** A fresh run: the second that its traces are of, and 8 random digits. */
export function newRun(): string {
  const random = Math.floor(Math.random() * 2 ** 32)
  return Math.floor(Date.now() / 1000).toString(16) + random.toString(16).padStart(8, '0')
}

/** One datagram: a segment of 0.1 s that ends now, with one nested subsegment. */
export function documentOf(run: string, number: number): Buffer {
  const end = Date.now() / 1000
  const spanId = (number + 1).toString(16).padStart(15, '0')
  const document = {
    id: `a${spanId}`,
    name: 'checkout',
    start_time: end - 0.1,
    end_time: end,
    trace_id: traceIdOf(run, number),
    origin: 'AWS::EC2::Instance',
    aws: { xray: { sdk: 'X-Ray for Python', sdk_version: '2.15.0' } },
    service: { runtime: 'CPython', runtime_version: '3.11.9' },
    http: {
      request: {
        method: 'GET',
        url: `http://shop.example/checkout/${number}`,
        user_agent: 'bench',
        client_ip: '10.0.0.9',
      },
      response: { status: number % 50 === 0 ? 500 : 200, content_length: 512 },
    },
    ...(number % 50 === 0 ? { fault: true } : {}),
    annotations: { tenant: `t${number % 100}`, amount: number % 1000 },
    metadata: { default: { cart: ['a', 'b', 'c'], note: 'x'.repeat(80) } },
    subsegments: [
      {
        id: `b${spanId}`,
        name: 'orders@db.example',
        start_time: end - 0.08,
        end_time: end - 0.02,
        namespace: 'remote',
        sql: {
          url: 'postgres://db.example/orders',
          database_type: 'PostgreSQL',
          sanitized_query: 'SELECT * FROM orders WHERE id = ?',
        },
      },
    ],
  }
  return Buffer.from(HEADER + JSON.stringify(document))
}
