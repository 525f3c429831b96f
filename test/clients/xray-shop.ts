// One made-up trace of three services and what they call, of which every figure can be worked out by hand.
import { hex, segmentAt, traceIdAt, type Document } from './xray-client.ts'

export interface ShopTrace {
  readonly traceId: string
  readonly documents: readonly (Document & { readonly trace_id: string; readonly id: string })[]
}

export const ACCOUNT = '111122223333'
export const QUEUE_ARN = `arn:aws:ecs:us-east-1:${ACCOUNT}:task/backend`

/**
 * web (EC2, 4 s, fault, 503) ─ orders (DynamoDB, 0.2 s, throttled) and ─ backend (ECS, asked for 3 s, fault) ─ compute
 * (own code, 2.6 s, where the ValueError was) and SNS (0.1 s); 5 s after the start backend's worker (EC2, 1 s).
 */
export function shopTrace(start: number): ShopTrace {
  const traceId = traceIdAt(start)
  const exception = hex(8)
  const [call, backend] = [hex(8), hex(8)]
  const at = (from: number, to: number): Document => ({ start_time: start + from, end_time: start + to })
  const web = segmentAt(start, {
    trace_id: traceId,
    ...at(0, 4),
    name: 'web',
    origin: 'AWS::EC2::Instance',
    user: 'ann',
    fault: true,
    cause: exception,
    http: {
      request: { method: 'GET', url: 'http://shop/order?id=1', user_agent: 'curl/8', client_ip: '203.0.113.9' },
      response: { status: 503 },
    },
    aws: { account_id: ACCOUNT, ec2: { instance_id: 'i-1', availability_zone: 'us-east-1a' } },
    annotations: { tier: 'gold', count: 3, retried: true },
    subsegments: [
      {
        id: hex(8),
        name: 'DynamoDB',
        namespace: 'aws',
        ...at(0.1, 0.3),
        error: true,
        throttle: true,
        aws: { operation: 'GetItem', table_name: 'orders' },
      },
      {
        id: call,
        name: 'backend.local',
        namespace: 'remote',
        ...at(0.5, 3.5),
        fault: true,
        http: { request: { url: 'http://backend.local/', method: 'POST', traced: true }, response: { status: 500 } },
      },
    ],
  })
  const backendSegment = segmentAt(start, {
    trace_id: traceId,
    id: backend,
    parent_id: call,
    ...at(0.6, 3.4),
    name: 'backend',
    origin: 'AWS::ECS::Container',
    resource_arn: QUEUE_ARN,
    user: 'bob',
    fault: true,
    annotations: { tier: 'gold', count: 5.5 },
    subsegments: [
      {
        id: hex(8),
        name: 'compute',
        namespace: 'local',
        ...at(0.7, 3.3),
        fault: true,
        cause: { exceptions: [{ id: exception, type: 'ValueError', message: 'boom' }] },
        annotations: { retried: false },
      },
      {
        id: hex(8),
        name: 'sns',
        namespace: 'aws',
        ...at(1, 1.1),
        aws: { operation: 'Publish', topic_arn: 'arn:topic' },
      },
    ],
  })
  const worker = segmentAt(start, {
    trace_id: traceId,
    parent_id: backend,
    ...at(5, 6),
    name: 'worker',
    origin: 'AWS::EC2::Instance',
    aws: { ec2: { instance_id: 'i-2', availability_zone: 'us-east-1b' } },
  })
  return { traceId, documents: [worker, backendSegment, web] }
}
