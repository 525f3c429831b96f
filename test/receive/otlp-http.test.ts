// The OTLP/HTTP door over real sockets: what it takes, what it answers, and what no client can do to the others.
import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { once } from 'node:events'
import { test } from 'node:test'
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { IngestFullError } from '../../packages/fnscope/src/ingest/ingest.ts'
import { counted, send, sendBytes, type RawAnswer } from '../raw-http.ts'
import { eventually } from '../started-fnscope.ts'
import { JSON_TYPE, openTestDoors, PROTOBUF, residentMegabytes, type TestDoors } from './otlp-doors.ts'

const MIB = 1024 * 1024

async function post(
  doors: TestDoors,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = PROTOBUF,
): Promise<RawAnswer> {
  return await send(doors.http, { method: 'POST', path: '/v1/traces', headers, body })
}

test('a request is answered in its own encoding, empty when everything was kept', async (t) => {
  const doors = await openTestDoors(t)
  const protobuf = await post(doors, 'spans')
  assert.deepEqual(
    [protobuf.status, protobuf.headers['content-type'], protobuf.body],
    [200, 'application/x-protobuf', ''],
  )
  const json = await post(doors, '{}', { 'content-type': 'application/json; charset=utf-8' })
  assert.deepEqual([json.status, json.headers['content-type'], json.body], [200, 'application/json', '{}'])
  assert.deepEqual(doors.decoded, ['protobuf 5 spans', 'json 2 {}'])
  assert.equal(counted(await doors.metrics(), 'fnscope_received_total', { door: 'otlp-http', signal: 'log' }), 6)
})

test('gzip, deflate and zstd are read, with a length and in chunks', async (t) => {
  const doors = await openTestDoors(t)
  const body = 'span '.repeat(50_000)
  const packed = { gzip: gzipSync(body), deflate: deflateSync(body), zstd: zstdCompressSync(body), identity: body }
  for (const [encoding, bytes] of Object.entries(packed)) {
    for (const chunked of [false, true]) {
      const headers = { ...PROTOBUF, 'content-encoding': encoding }
      const length = { 'content-length': String(Buffer.byteLength(bytes)) }
      const answer = await post(
        doors,
        bytes,
        chunked ? { ...headers, 'transfer-encoding': 'chunked' } : { ...headers, ...length },
      )
      assert.equal(answer.status, 200, answer.body)
    }
  }
  assert.equal(doors.decoded.length, 8)
  for (const decoded of doors.decoded) assert.ok(decoded.startsWith('protobuf 250000 span span '), decoded)
})

test('partial success names the number and the reason, and counts what was dropped', async (t) => {
  const doors = await openTestDoors(t)
  const json = await post(doors, 'rejects', JSON_TYPE)
  assert.equal(json.status, 200)
  assert.deepEqual(JSON.parse(json.body), { partialSuccess: { rejectedSpans: '2', errorMessage: 'two had a bad id' } })
  const protobuf = await post(doors, 'rejects')
  // field 1 {field 1 varint 2, field 2 text}
  assert.equal(protobuf.body, '\n\u0014\u0008\u0002\u0012\u0010two had a bad id')
  assert.equal(
    counted(await doors.metrics(), 'fnscope_dropped_total', { door: 'otlp-http', reason: 'bad_trace_id' }),
    4,
  )
})

test('a body that cannot be read is 400 with a google.rpc.Status in its own encoding', async (t) => {
  const doors = await openTestDoors(t)
  const json = await post(doors, 'malformed', JSON_TYPE)
  assert.equal(json.status, 400)
  assert.deepEqual(JSON.parse(json.body), { code: 3, message: 'The body is no OTLP: ✗.' })
  const protobuf = await post(doors, 'malformed')
  assert.deepEqual([protobuf.status, protobuf.headers['content-type']], [400, 'application/x-protobuf'])
  assert.ok(protobuf.body.startsWith('\u0008\u0003\u0012') && protobuf.body.endsWith('The body is no OTLP: ✗.'))
  for (const [encoding, bytes] of [
    ['gzip', gzipSync('x'.repeat(5000)).subarray(0, 30)],
    ['zstd', zstdCompressSync('x'.repeat(5000)).subarray(0, 15)],
    ['gzip', Buffer.from('this is none')],
    ['deflate', gzipSync('x')],
    ['gzip', Buffer.alloc(0)],
  ] as const) {
    const torn = await post(doors, bytes, { ...JSON_TYPE, 'content-encoding': encoding })
    assert.equal(torn.status, 400, `${encoding}: ${torn.body}`)
    assert.match((JSON.parse(torn.body) as { message: string }).message, new RegExp(`no whole ${encoding}`))
  }
  assert.equal(counted(await doors.metrics(), 'fnscope_dropped_total', { door: 'otlp-http', reason: 'malformed' }), 7)
})

test('other methods are 405, other types and encodings 415, other paths 404', async (t) => {
  const doors = await openTestDoors(t)
  for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
    const answer = await send(doors.http, { method, path: '/v1/traces', headers: JSON_TYPE })
    assert.deepEqual([answer.status, answer.headers.allow], [405, 'POST'], method)
  }
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/grpc', '']) {
    const answer = await post(doors, 'spans', type === '' ? {} : { 'content-type': type })
    assert.equal(answer.status, 415, type)
    assert.match(answer.body, /application\/x-protobuf and application\/json/)
  }
  const unknown = await post(doors, 'spans', { ...JSON_TYPE, 'content-encoding': 'compress' })
  assert.deepEqual([unknown.status, unknown.headers['accept-encoding']], [415, 'gzip, deflate, zstd, br'])
  assert.equal(
    (await send(doors.http, { method: 'POST', path: '/v1/other', headers: JSON_TYPE, body: '{}' })).status,
    404,
  )
  assert.deepEqual(doors.decoded, [])
})

test('a page of another site, another Host and a preflight are refused, and no CORS header is sent', async (t) => {
  const doors = await openTestDoors(t)
  const evil = { ...JSON_TYPE, origin: 'https://evil.example' }
  for (const refused of [
    await post(doors, '{}', evil),
    await post(doors, '{}', { ...JSON_TYPE, host: 'rebound.example' }),
    await send(doors.http, {
      method: 'OPTIONS',
      path: '/v1/traces',
      headers: { ...evil, 'access-control-request-method': 'POST' },
    }),
  ]) {
    assert.equal(refused.status, 403)
    assert.equal((JSON.parse(refused.body) as { code: number }).code, 7)
    assert.equal(refused.headers['access-control-allow-origin'], undefined)
  }
  assert.deepEqual(doors.decoded, [])
})

test('with a token the door wants it, as a bearer or in the header of our own', async (t) => {
  const doors = await openTestDoors(t, { token: 's3cret', functionKey: 'KEY' })
  assert.equal((await post(doors, 'spans')).status, 401)
  assert.equal((await post(doors, 'spans', { ...PROTOBUF, authorization: 'Bearer other' })).status, 401)
  assert.equal((await post(doors, 'spans', { ...PROTOBUF, authorization: 'Bearer s3cret' })).status, 200)
  assert.equal((await post(doors, 'spans', { ...PROTOBUF, 'x-fnscope-token': 'KEY' })).status, 200)
})

test('a full log is 503 with the seconds to wait, and a bug of ours is 500 without its text', async (t) => {
  const doors = await openTestDoors(t, {
    ingest: { accept: () => Promise.reject(new IngestFullError('the log is full', 1.5)) },
  })
  const full = await post(doors, '{}', JSON_TYPE)
  assert.deepEqual([full.status, full.headers['retry-after']], [503, '2'])
  assert.deepEqual(JSON.parse(full.body), { code: 14, message: 'the log is full' })
  assert.equal(counted(await doors.metrics(), 'fnscope_dropped_total', { door: 'otlp-http', reason: 'queue_full' }), 3)
  const bug = await post(doors, 'breaks', JSON_TYPE)
  assert.deepEqual([bug.status, bug.body.includes('a bug')], [500, false])
})

test('what is over 20 MiB is 413, by its length, in chunks, and when it grows so large', async (t) => {
  const doors = await openTestDoors(t)
  const large = Buffer.alloc(20 * MIB + 1)
  const announced = await sendBytes(
    doors.http,
    `POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${64 * MIB}\r\n\r\n{`,
  )
  assert.match(announced, /^HTTP\/1\.1 413 .*"code":8/s)
  assert.equal((await post(doors, large, { ...PROTOBUF, 'transfer-encoding': 'chunked' })).status, 413)
  const before = residentMegabytes()
  for (const [encoding, bomb] of [
    ['gzip', gzipSync(Buffer.alloc(128 * MIB))],
    ['zstd', zstdCompressSync(Buffer.alloc(128 * MIB))],
    ['deflate', deflateSync(Buffer.alloc(128 * MIB))],
  ] as const)
    for (let round = 0; round < 3; round++)
      assert.equal((await post(doors, bomb, { ...PROTOBUF, 'content-encoding': encoding })).status, 413, encoding)
  assert.ok(residentMegabytes() - before < 300, `${residentMegabytes() - before} MB more`)
  assert.equal((await post(doors, large.subarray(1))).status, 200)
  assert.equal(doors.decoded.length, 1)
})

/** A request that has begun and does not go on. */
async function stall(doors: TestDoors, sent: number, announced: number): Promise<Socket> {
  const { hostname, port } = new URL(doors.http)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write(
    `POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${announced}\r\n\r\n`,
  )
  socket.write(Buffer.alloc(sent, 32))
  return socket
}

test('clients that stall in the middle of bodies give way to one that does not', async (t) => {
  const doors = await openTestDoors(t, { maxBytesOnTheWay: 8 * MIB })
  const stalled = await Promise.all(Array.from({ length: 12 }, async () => await stall(doors, MIB, 2 * MIB)))
  t.after(() => stalled.forEach((socket) => socket.destroy()))
  let answers = ''
  for (const socket of stalled) socket.setEncoding('latin1').on('data', (text: string) => (answers += text))
  await eventually(async () => (answers.includes(' 503 ') ? true : undefined))
  assert.match(answers, /retry-after: 1/)
  for (let n = 0; n < 10; n++) assert.equal((await post(doors, Buffer.alloc(2 * MIB, 32))).status, 200)
})

test('lying lengths cost no memory', async (t) => {
  const doors = await openTestDoors(t)
  const before = residentMegabytes()
  const stalled = await Promise.all(Array.from({ length: 200 }, async () => await stall(doors, 10, 20 * MIB)))
  t.after(() => stalled.forEach((socket) => socket.destroy()))
  assert.equal((await post(doors, 'spans')).status, 200)
  assert.ok(residentMegabytes() - before < 200, `${residentMegabytes() - before} MB more`)
})

test('a client that goes away in the middle of a body leaves nothing behind', async (t) => {
  const doors = await openTestDoors(t, { maxBytesOnTheWay: MIB })
  for (let n = 0; n < 20; n++) {
    const socket = await stall(doors, 400_000, 500_000)
    socket.resetAndDestroy()
  }
  assert.equal((await post(doors, Buffer.alloc(MIB - 1))).status, 200)
  assert.equal(doors.decoded.length, 1)
})

test('stop lets a request in progress end and ends those that stall', async (t) => {
  const accepted = Promise.withResolvers<void>()
  const doors = await openTestDoors(t, { ingest: { accept: () => accepted.promise } })
  const answer = post(doors, 'spans')
  const stalled = await stall(doors, 10, 100)
  await eventually(async () => (doors.decoded.length === 1 ? true : undefined))
  const closed = once(stalled, 'close')
  const stopped = doors.stop()
  accepted.resolve()
  assert.equal((await answer).status, 200)
  await stopped
  await closed
})
