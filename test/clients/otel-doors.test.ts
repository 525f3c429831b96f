// What the unmodified exporters make of the OTLP doors' answers: what they send again, and what they give up.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { IngestFullError } from '../../packages/fnscope/src/ingest/ingest.ts'
import { openTestDoors } from '../receive/otlp-doors.ts'
import { sendFromNode, sendFromPython, type OtelEnvironment, type Sent } from './otel-program.ts'

type Send = (environment: OtelEnvironment) => Promise<Sent>

const CLIENTS: readonly (readonly [string, 'http' | 'grpc', Send])[] = [
  ['Python over HTTP', 'http', (environment) => sendFromPython('http', environment)],
  ['Python over gRPC', 'grpc', (environment) => sendFromPython('grpc', environment)],
  ['Node over HTTP in protobuf', 'http', (environment) => sendFromNode('proto', environment)],
  ['Node over HTTP in JSON', 'http', (environment) => sendFromNode('http', environment)],
  ['Node over gRPC', 'grpc', (environment) => sendFromNode('grpc', environment)],
]

/** 0.223.1 sends nothing twice over gRPC, whatever the status says. */
const NEVER_AGAIN = 'Node over gRPC'

for (const [name, door, send] of CLIENTS) {
  test(`${name}: after a log that was full for a moment the exporter ${name === NEVER_AGAIN ? 'does not come' : 'comes'} again`, async (t) => {
    let calls = 0
    const accept = async (): Promise<void> => {
      calls += 1
      if (calls === 1) throw new IngestFullError('full for a moment', 1)
    }
    const doors = await openTestDoors(t, { ingest: { accept } })
    const sent = await send({ endpoint: doors[door], compression: 'gzip' })
    assert.deepEqual([sent.success, calls], name === NEVER_AGAIN ? [false, 1] : [true, 2])
  })

  test(`${name}: without the token that the door wants the exporter fails, with it in its headers it does not`, async (t) => {
    const doors = await openTestDoors(t, { token: 's3cret' })
    assert.equal((await send({ endpoint: doors[door] })).success, false)
    assert.equal((await send({ endpoint: doors[door], headers: 'authorization=Bearer%20s3cret' })).success, true)
    assert.equal(doors.decoded.length, 1)
  })
}
