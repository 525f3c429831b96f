// The OTLP/gRPC door over real sockets: how calls end, and what no client can do to the others.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectHttp2, constants } from 'node:http2'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { test } from 'node:test'
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { IngestFullError } from '../../packages/fnscope/src/ingest/ingest.ts'
import { counted, sendBytes } from '../raw-http.ts'
import { eventually } from '../started-fnscope.ts'
import {
  call,
  callOnce,
  EXPORT,
  frame,
  openSession,
  openTestDoors,
  residentMegabytes,
  type TestDoors,
} from './otlp-doors.ts'

const MIB = 1024 * 1024

test('a call is answered with an empty message and status 0 in the trailers', async (t) => {
  const doors = await openTestDoors(t)
  const answer = await callOnce(t, doors.grpc, { frames: [frame('spans')] })
  assert.deepEqual([answer.httpStatus, answer.headers['content-type']], [200, 'application/grpc'])
  assert.deepEqual([answer.body.toString('hex'), answer.trailers['grpc-status']], ['0000000000', '0'])
  assert.deepEqual(doors.decoded, ['protobuf 5 spans'])
  assert.equal(counted(await doors.metrics(), 'fnscope_received_total', { door: 'otlp-grpc', signal: 'log' }), 3)
})

test('gzip, deflate and zstd are read; a message that is not compressed may come under any of them', async (t) => {
  const doors = await openTestDoors(t)
  const body = 'span '.repeat(50_000)
  for (const [encoding, packed] of [
    ['gzip', gzipSync(body)],
    ['deflate', deflateSync(body)],
    ['zstd', zstdCompressSync(body)],
  ] as const) {
    for (const frames of [[frame(packed, { flag: 1 })], [frame(body)]]) {
      const answer = await callOnce(t, doors.grpc, { headers: { 'grpc-encoding': encoding }, frames })
      assert.equal(answer.status, '0', answer.message)
    }
  }
  assert.equal(doors.decoded.filter((text) => text.startsWith('protobuf 250000 span span')).length, 6)
})

test('frames may be split anywhere', async (t) => {
  const doors = await openTestDoors(t)
  const bytes = [...frame('span by span')].map((byte) => Uint8Array.of(byte))
  assert.equal((await callOnce(t, doors.grpc, { frames: bytes })).status, '0')
  // The whole connection byte by byte, its greeting too: replayed from what a client wrote.
  const recorded = await recordClient(doors)
  const { hostname, port } = new URL(doors.grpc)
  const socket = connect({ host: hostname, port: Number(port), noDelay: true })
  socket.resume()
  for (const byte of recorded) await new Promise((resolve) => socket.write(Uint8Array.of(byte), resolve))
  await eventually(async () => (doors.decoded.length === 3 ? true : undefined))
  socket.destroy()
})

/** All bytes of a client that makes one call, overheard between it and the door. */
async function recordClient(doors: TestDoors): Promise<Buffer> {
  const written: Buffer[] = []
  const between = createServer((client) => {
    const { hostname, port } = new URL(doors.grpc)
    const door = connect(Number(port), hostname)
    client.on('data', (piece: Buffer) => written.push(piece))
    client
      .on('error', () => {})
      .pipe(door.on('error', () => {}))
      .pipe(client)
  })
  between.listen(0, '127.0.0.1')
  await once(between, 'listening')
  const session = connectHttp2(`http://127.0.0.1:${(between.address() as AddressInfo).port}`)
  assert.equal((await call(session, { frames: [frame('recorded')] })).status, '0')
  session.destroy()
  between.close()
  return Buffer.concat(written)
}

test('partial success is in the message of the answer', async (t) => {
  const doors = await openTestDoors(t)
  const answer = await callOnce(t, doors.grpc, { frames: [frame('rejects')] })
  assert.equal(answer.status, '0')
  assert.equal(answer.body.subarray(5).toString('latin1'), '\n\u0014\u0008\u0002\u0012\u0010two had a bad id')
})

test('what cannot be read is INVALID_ARGUMENT in trailers alone, with its message percent-encoded', async (t) => {
  const doors = await openTestDoors(t)
  const refused = await callOnce(t, doors.grpc, { frames: [frame('malformed')] })
  assert.deepEqual([refused.httpStatus, refused.status, refused.message], [200, '3', 'The body is no OTLP: ✗.'])
  assert.deepEqual([refused.headers['grpc-message'], refused.trailers], ['The body is no OTLP: %E2%9C%97.', {}])
  const gzip = { 'grpc-encoding': 'gzip' }
  for (const frames of [
    [],
    [Buffer.alloc(3)],
    [frame('short', { length: 100 })],
    [frame('flag', { flag: 7 })],
    [frame('packed, it says', { flag: 1 })],
  ])
    assert.equal((await callOnce(t, doors.grpc, { frames })).status, '3')
  for (const bytes of [gzipSync('x'.repeat(5000)).subarray(0, 30), Buffer.from('none'), Buffer.alloc(0)])
    assert.equal((await callOnce(t, doors.grpc, { headers: gzip, frames: [frame(bytes, { flag: 1 })] })).status, '3')
  assert.equal(counted(await doors.metrics(), 'fnscope_dropped_total', { door: 'otlp-grpc', reason: 'malformed' }), 9)
})

test('another method, another encoding and a second message are UNIMPLEMENTED; what is no gRPC at all is HTTP 415 or 405', async (t) => {
  const doors = await openTestDoors(t)
  assert.equal(
    (await callOnce(t, doors.grpc, { path: '/grpc.health.v1.Health/Check', frames: [frame('')] })).status,
    '12',
  )
  const encoding = await callOnce(t, doors.grpc, {
    headers: { 'grpc-encoding': 'snappy' },
    frames: [frame('x', { flag: 1 })],
  })
  assert.deepEqual([encoding.status, encoding.headers['grpc-accept-encoding']], ['12', 'identity,gzip,deflate,zstd,br'])
  assert.equal((await callOnce(t, doors.grpc, { frames: [frame('one'), frame('two')] })).status, '12')
  const json = await callOnce(t, doors.grpc, { headers: { 'content-type': 'application/json' }, frames: [frame('x')] })
  assert.deepEqual([json.httpStatus, json.status], [415, undefined])
  assert.equal((await callOnce(t, doors.grpc, { headers: { 'content-type': 'application/grpc-web' } })).httpStatus, 415)
  assert.equal((await callOnce(t, doors.grpc, { headers: { ':method': 'PUT' } })).httpStatus, 405)
  assert.deepEqual(doors.decoded, [])
})

test('another authority or an Origin is PERMISSION_DENIED, a wanted token that is missing UNAUTHENTICATED', async (t) => {
  const doors = await openTestDoors(t, { token: 's3cret', functionKey: 'KEY' })
  const status = async (headers: Readonly<Record<string, string>>): Promise<string | undefined> =>
    (await callOnce(t, doors.grpc, { headers, frames: [frame('spans')] })).status
  assert.equal(await status({ ':authority': 'rebound.example' }), '7')
  assert.equal(await status({ origin: 'https://evil.example', authorization: 'Bearer s3cret' }), '7')
  assert.equal(await status({}), '16')
  assert.equal(await status({ authorization: 'Bearer s3cre' }), '16')
  assert.deepEqual(doors.decoded, [])
  assert.equal(await status({ authorization: 'Bearer s3cret' }), '0')
  assert.equal(await status({ 'x-fnscope-token': 'KEY' }), '0')
})

test('a full log is UNAVAILABLE with RetryInfo, a bug of ours INTERNAL without its text', async (t) => {
  const doors = await openTestDoors(t, {
    ingest: { accept: () => Promise.reject(new IngestFullError('the log is full', 2)) },
  })
  const full = await callOnce(t, doors.grpc, { frames: [frame('spans')] })
  assert.deepEqual([full.status, full.message], ['14', 'the log is full'])
  const details = Buffer.from(full.headers['grpc-status-details-bin'] as string, 'base64').toString('latin1')
  // details: Any {type_url, value: RetryInfo {Duration {seconds 2}}}
  assert.ok(details.endsWith('type.googleapis.com/google.rpc.RetryInfo\u0012\u0004\n\u0002\u0008\u0002'), details)
  const bug = await callOnce(t, doors.grpc, { frames: [frame('breaks')] })
  assert.deepEqual([bug.status, bug.message.includes('a bug')], ['13', false])
  assert.equal(counted(await doors.metrics(), 'fnscope_dropped_total', { door: 'otlp-grpc', reason: 'queue_full' }), 3)
})

test('a message over 16 MiB is RESOURCE_EXHAUSTED: by its length at once, and when it grows so large', async (t) => {
  const doors = await openTestDoors(t)
  const announced = await callOnce(t, doors.grpc, { frames: [frame('x', { length: 16 * MIB + 1 })], open: true })
  assert.deepEqual([announced.status, announced.resetCode], ['8', undefined])
  assert.equal(announced.headers['grpc-status-details-bin'], undefined)
  const before = residentMegabytes()
  for (const [encoding, bomb] of [
    ['gzip', gzipSync(Buffer.alloc(128 * MIB))],
    ['zstd', zstdCompressSync(Buffer.alloc(128 * MIB))],
  ] as const)
    for (let round = 0; round < 4; round++) {
      const answer = await callOnce(t, doors.grpc, {
        headers: { 'grpc-encoding': encoding },
        frames: [frame(bomb, { flag: 1 })],
      })
      assert.equal(answer.status, '8')
    }
  assert.ok(residentMegabytes() - before < 300, `${residentMegabytes() - before} MB more`)
  assert.equal((await callOnce(t, doors.grpc, { frames: [frame(Buffer.alloc(16 * MIB))] })).status, '0')
})

test('a call whose time is over ends with DEADLINE_EXCEEDED and its spans are not taken', async (t) => {
  const doors = await openTestDoors(t, { limits: { maxCallMs: 300 } })
  const half = frame('spans').subarray(0, 7)
  const own = await callOnce(t, doors.grpc, { headers: { 'grpc-timeout': '20m' }, frames: [half], open: true })
  assert.equal(own.status, '4')
  const ours = await callOnce(t, doors.grpc, { headers: { 'grpc-timeout': '8H' }, frames: [half], open: true })
  assert.equal(ours.status, '4')
  const late = await callOnce(t, doors.grpc, { headers: { 'grpc-timeout': '1n' }, frames: [frame('spans')] })
  assert.equal(late.status, '4')
  assert.deepEqual(doors.decoded, [])
  assert.equal(counted(await doors.metrics(), 'fnscope_dropped_total', { door: 'otlp-grpc', reason: 'timed_out' }), 3)
})

test('calls that stall in the middle of messages give way to those that do not', async (t) => {
  const doors = await openTestDoors(t, { maxBytesOnTheWay: 8 * MIB })
  // A session of its own each: node's client refuses answers while 10 MB of its own writes wait.
  const message = frame(Buffer.alloc(MIB), { length: 2 * MIB })
  const stalled = Array.from({ length: 12 }, () => call(openSession(t, doors.grpc), { frames: [message], open: true }))
  const first = await Promise.race(stalled)
  assert.equal(first.status, '14')
  assert.ok(first.headers['grpc-status-details-bin'])
  for (let n = 0; n < 10; n++)
    assert.equal((await callOnce(t, doors.grpc, { frames: [frame(Buffer.alloc(2 * MIB))] })).status, '0')
})

test('lying lengths and thousands of calls that send nothing cost little memory', async (t) => {
  const doors = await openTestDoors(t)
  const before = residentMegabytes()
  const sessions = Array.from({ length: 10 }, () => openSession(t, doors.grpc))
  for (const session of sessions)
    for (let n = 0; n < 250; n++)
      void call(session, { frames: n % 2 === 0 ? [frame('x', { length: 16 * MIB })] : [], open: true })
  assert.equal((await callOnce(t, doors.grpc, { frames: [frame('spans')] })).status, '0')
  assert.ok(residentMegabytes() - before < 250, `${residentMegabytes() - before} MB more`)
})

test('rapid resets cost the client its connection, and no other client anything', async (t) => {
  const doors = await openTestDoors(t)
  const good = openSession(t, doors.grpc)
  assert.equal((await call(good, { frames: [frame('before')] })).status, '0')
  const hostile = openSession(t, doors.grpc)
  // once() would reject with the session's error
  const closed = new Promise<void>((resolve) => hostile.once('close', resolve))
  let resets = 0
  const storm = setInterval(() => {
    for (let n = 0; n < 100 && !hostile.destroyed && !hostile.closed; n++, resets++) {
      const stream = hostile.request({ ':method': 'POST', ':path': EXPORT, 'content-type': 'application/grpc' })
      stream.on('error', () => {})
      stream.close(constants.NGHTTP2_CANCEL)
    }
  }, 1)
  t.after(() => clearInterval(storm))
  await closed
  clearInterval(storm)
  assert.ok(resets < 20_000, `${resets} resets were taken`)
  assert.equal((await call(good, { frames: [frame('after')] })).status, '0')
})

test('HTTP/1.1 is told where to go, and other bytes are closed without harm', async (t) => {
  const doors = await openTestDoors(t)
  const http1 = await sendBytes(
    doors.grpc,
    'POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n{}',
  )
  assert.match(http1, /^HTTP\/1\.1 400 Bad Request\r\n.*OTLP over gRPC.*4318/s)
  const greeting = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
  for (const bytes of [
    Buffer.from('1603010200010001fc0303', 'hex'),
    Buffer.alloc(10_000, 0xff),
    `${greeting}${'\u00ff'.repeat(1000)}`,
    'PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n',
  ])
    await sendBytes(doors.grpc, bytes)
  assert.equal((await callOnce(t, doors.grpc, { frames: [frame('spans')] })).status, '0')
})

async function openSocket(doors: TestDoors, bytes: string): Promise<Socket> {
  const { hostname, port } = new URL(doors.grpc)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {}).resume()
  await once(socket, 'connect')
  if (bytes !== '') socket.write(bytes)
  return socket
}

test('connections that say nothing are closed, before their greeting and after', async (t) => {
  const doors = await openTestDoors(t, { limits: { greetingMs: 100, idleMs: 100, maxCallMs: 100 } })
  for (const bytes of ['', 'P', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n']) {
    const socket = await openSocket(doors, bytes)
    await once(socket, 'close')
  }
})

test('too many connections cost the quietest its own, not the newcomer', async (t) => {
  const doors = await openTestDoors(t, { limits: { maxConnections: 5 } })
  const silent = await Promise.all(Array.from({ length: 5 }, async () => await openSocket(doors, 'P')))
  t.after(() => silent.forEach((socket) => socket.destroy()))
  const closed = Promise.race(silent.map(async (socket) => await once(socket, 'close')))
  assert.equal((await callOnce(t, doors.grpc, { frames: [frame('spans')] })).status, '0')
  await closed
})

test('stop says goodbye, lets a call in progress end, and cuts one that stalls', async (t) => {
  const accepted = Promise.withResolvers<void>()
  const doors = await openTestDoors(t, { ingest: { accept: () => accepted.promise } })
  const session = openSession(t, doors.grpc)
  const answer = call(session, { frames: [frame('spans')] })
  const stalled = call(openSession(t, doors.grpc), { frames: [frame('spans').subarray(0, 7)], open: true })
  await eventually(async () => (doors.decoded.length === 1 ? true : undefined))
  const goodbye = once(session, 'goaway')
  const stopped = doors.stop()
  await goodbye
  accepted.resolve()
  assert.equal((await answer).status, '0')
  await stopped
  assert.notEqual((await stalled).status, '0')
})
