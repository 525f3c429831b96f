// Traces that between them have something for every keyword of the filter language, each known by a name.
import { hex, segmentAt, traceIdAt, type Document } from './xray-client.ts'

export interface NamedTrace {
  readonly traceId: string
  readonly documents: readonly (Document & { readonly trace_id: string; readonly id: string })[]
}

export const FUNCTION_ARN = 'arn:aws:lambda:us-east-1:111122223333:function:random-name'

interface Made {
  readonly start: number
  readonly traceId: string
}

/** A segment or subsegment from and to seconds after the trace's start. */
function part({ start }: Made, name: string, [from, to]: readonly [number, number], more: Document = {}): Document {
  return { id: hex(8), name, start_time: start + from, end_time: start + to, ...more }
}

function segment(
  made: Made,
  name: string,
  times: readonly [number, number],
  more: Document = {},
): Document & { readonly trace_id: string; readonly id: string } {
  return segmentAt(made.start, { trace_id: made.traceId, ...part(made, name, times, more) })
}

const exception = (type: string, message: string, id = hex(8)): Document => ({
  working_directory: '/app',
  exceptions: [{ id, type, message, stack: [] }],
})

const http = (method: string, url: string, status: number, more: Document = {}): Document => ({
  request: { method, url, ...more },
  response: { status },
})

const MAKERS: Readonly<Record<string, (made: Made) => readonly ReturnType<typeof segment>[]>> = {
  /** web alone, 0.5 s, with everything that a segment says. */
  plain: (made) => [
    segment(made, 'web', [0, 0.5], {
      origin: 'AWS::EC2::Instance',
      user: 'ann',
      http: http('GET', 'http://shop.example/v2/items?id=1', 200, { user_agent: 'curl/8.1', client_ip: '203.0.113.9' }),
      aws: { ec2: { instance_id: 'i-0aaa', availability_zone: 'us-east-1a' } },
      annotations: { tier: 'gold', age: 30, price: 9.5, vip: true, off: false, empty: '' },
    }),
  ],
  /** web answers 200 in 1 s though api.example.com, which it calls, has failed. */
  handled: (made) => {
    const call = hex(8)
    return [
      segment(made, 'web', [0, 1], {
        http: http('POST', 'http://shop.example/v1/pay', 200, { user_agent: 'Mozilla/5.0 (X11)' }),
        annotations: { tier: 'silver', age: '30' },
        subsegments: [
          part(made, 'api.example.com', [0.1, 0.6], {
            id: call,
            namespace: 'remote',
            fault: true,
            http: http('POST', 'http://api.example.com/charge', 500, { traced: true }),
          }),
        ],
      }),
      segment(made, 'api.example.com', [0.2, 0.5], {
        parent_id: call,
        fault: true,
        user: 'bob',
        http: http('POST', 'http://api.example.com/charge', 500),
        annotations: { account: '12345' },
        subsegments: [part(made, '## charge', [0.3, 0.4], { annotations: { step: 'charge', retries: 2 } })],
      }),
    ]
  },
  /** web fails after 4 s because the table denies it; most of the time went into rendering. */
  faulty: (made) => {
    const denied = hex(8)
    return [
      segment(made, 'web', [0, 4], {
        origin: 'AWS::EC2::Instance',
        fault: true,
        cause: denied,
        http: http('GET', 'http://shop.example/v2/orders', 503),
        aws: { ec2: { instance_id: 'i-0bbb', availability_zone: 'us-east-1b' } },
        subsegments: [
          part(made, 'DynamoDB', [0.1, 0.3], {
            namespace: 'aws',
            fault: true,
            aws: { operation: 'GetItem', table_name: 'orders' },
            cause: exception('AccessDeniedException', 'Access Denied for account_id: 1234567890', denied),
            annotations: { heat: 'hot' },
          }),
          part(made, 'render', [0.5, 3.5]),
        ],
      }),
    ]
  },
  missing: (made) => [
    segment(made, 'site', [0, 0.1], { error: true, http: http('GET', 'https://site.example/nothing', 404) }),
  ],
  limited: (made) => [
    segment(made, 'site', [0, 0.05], {
      error: true,
      throttle: true,
      http: http('GET', 'https://site.example/much', 429),
    }),
  ],
  /** Two nodes of one name: Lambda's and the function's, which fails. */
  lambda: (made) => {
    const service = hex(8)
    return [
      segment(made, 'random-name', [0, 0.9], {
        id: service,
        origin: 'AWS::Lambda',
        http: { response: { status: 200 } },
        resource_arn: FUNCTION_ARN,
      }),
      segment(made, 'random-name', [0.1, 0.8], {
        parent_id: service,
        origin: 'AWS::Lambda::Function',
        error: true,
        resource_arn: FUNCTION_ARN,
        aws: { account_id: '111122223333' },
        subsegments: [
          part(made, '## handler', [0.2, 0.7], {
            error: true,
            cause: exception('ValueError', 'asked to fail'),
            annotations: { ColdStart: true, Service: 'payments' },
          }),
        ],
      }),
    ]
  },
  /** Asked gone.example for a report, in vain. */
  partial: (made) => [
    segment(made, 'edge-api', [0, 0.2], {
      http: http('GET', 'http://edge.example/', 200),
      subsegments: [
        part(made, 'gone.example', [0.05, 0.1], {
          namespace: 'remote',
          http: http('GET', 'http://gone.example/', 200, { traced: true }),
        }),
      ],
    }),
  ],
  /** The root still runs; a subsegment of it has come. */
  open: (made) => {
    const { end_time: _, ...job } = segment(made, 'job', [0, 1], { in_progress: true })
    const step = part(made, 'step', [0.1, 0.2], { annotations: { phase: 'one' } })
    return [job, { ...step, id: hex(8), trace_id: made.traceId, type: 'subsegment', parent_id: job.id }]
  },
  /** Answered after 2 s; the worker that it left a message for ended 9 s after the start. */
  slow: (made) => {
    const call = hex(8)
    return [
      segment(made, 'queue-api', [0, 2], {
        http: http('POST', 'http://queue.example/jobs', 202),
        subsegments: [
          part(made, 'SQS', [0.1, 0.2], {
            id: call,
            namespace: 'aws',
            aws: { operation: 'SendMessage', queue_url: 'https://sqs.us-east-1.amazonaws.com/1/jobs' },
          }),
        ],
      }),
      segment(made, 'worker', [3, 9], { parent_id: call }),
    ]
  },
  world: (made) => [
    segment(made, '주문 서비스', [0, 0.3], {
      user: '김철수',
      http: http('GET', 'http://shop.example/café/été', 200, { user_agent: 'Navigateur 🧭' }),
      annotations: { 客户: '王小明', ville: 'Besançon', '🛒': '🍎 pomme "rouge"', 'http.route': '/café/{id}' },
      metadata: { default: { secret: 'only metadata' } },
    }),
  ],
  bare: (made) => [segment(made, 'bare', [0, 0.25])],
  /** gate calls ledger, which calls vault, which refuses. */
  chain: (made) => {
    const [first, second] = [hex(8), hex(8)]
    return [
      segment(made, 'gate', [0, 1], {
        subsegments: [
          part(made, 'ledger.local', [0.1, 0.9], {
            id: first,
            namespace: 'remote',
            http: http('GET', 'http://ledger.local/', 200),
          }),
        ],
      }),
      segment(made, 'ledger', [0.2, 0.8], {
        parent_id: first,
        subsegments: [
          part(made, 'vault.local', [0.3, 0.7], {
            id: second,
            namespace: 'remote',
            error: true,
            http: http('GET', 'http://vault.local/', 403),
          }),
        ],
      }),
      segment(made, 'vault', [0.4, 0.6], { parent_id: second, error: true, annotations: { reason: 'locked' } }),
    ]
  },
  /** A client's mistake, found in own code. */
  invalid: (made) => [
    segment(made, 'forms', [0, 1.5], {
      error: true,
      http: http('PUT', 'http://forms.example/', 400),
      subsegments: [
        part(made, 'validate', [0.1, 0.3], {
          error: true,
          subsegments: [
            part(made, 'deserialize', [0.1, 0.2], {
              error: true,
              cause: exception('ValidationError', 'email is missing'),
            }),
          ],
        }),
      ],
    }),
  ],
  /** A container of another account, and its database. */
  database: (made) => [
    segment(made, 'ledger', [0, 0.6], {
      origin: 'AWS::ECS::Container',
      aws: { account_id: '999988887777' },
      subsegments: [
        part(made, 'books@db.local', [0.1, 0.5], {
          namespace: 'remote',
          sql: { url: 'postgres://db.local/books', database_type: 'PostgreSQL' },
        }),
      ],
    }),
  ],
}

/** By name; each begins 20 s after the one before. */
export function filterTraces(from: number): ReadonlyMap<string, NamedTrace> {
  return new Map(
    Object.entries(MAKERS).map(([name, make], i) => {
      const start = from + 20 * i
      const traceId = traceIdAt(start)
      return [name, { traceId, documents: make({ start, traceId }) }]
    }),
  )
}
