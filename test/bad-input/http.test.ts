// What is no proper HTTP, too much of it, or never ends; and paths that an app's API was not made for.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { counted, send, sendBytes } from '../raw-http.ts'
import { APPS, startFnscope, type StartedFnscope } from '../started-fnscope.ts'
import { assertGoodDataPasses, readMetrics, residentBytes } from './traffic.ts'

let fnscope: StartedFnscope
let front: string

before(async () => {
  fnscope = await startFnscope({ app: join(APPS, 'guarded') })
  front = fnscope.apps[0]!.urls['PrivateUrl']!
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
})

const HOST = 'Host: 127.0.0.1\r\n'

test('what is no HTTP is answered 400 or cut off, on every port', async () => {
  const tcp = `http://${fnscope.doors['xray-daemon']}`
  for (const base of [fnscope.url, tcp, front]) {
    for (const bytes of [
      'nonsense\r\n\r\n',
      `GET / HTTP/9.9\r\n${HOST}\r\n`,
      `GET /%zz HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`,
      `GET / HTTP/1.1\r\n${HOST}Host: evil.example\r\nConnection: close\r\n\r\n`,
      'GET / HTTP/1.1\r\nConnection: close\r\n\r\n',
      `POST /TraceSegments HTTP/1.1\r\n${HOST}Content-Length: -5\r\n\r\n`,
      `POST /TraceSegments HTTP/1.1\r\n${HOST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      `POST /TraceSegments HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\nZZ\r\n`,
      `GET / HTTP/1.1\r\n${HOST}X: ${'x'.repeat(200_000)}\r\n\r\n`,
      new Uint8Array([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03]),
      new Uint8Array(5000),
    ]) {
      const answer = await sendBytes(base, bytes)
      assert.match(answer, /^$|^HTTP\/1\.1 4\d\d /, `${base} ${String(bytes).slice(0, 60)}: ${answer.slice(0, 200)}`)
    }
  }
  assert.ok(counted(await readMetrics(fnscope), 'fnscope_bad_requests_total', { status: 'bad_http' }) > 0)
})

test('a body of 100 MB is 413 and never held', async () => {
  const before = residentBytes(fnscope)
  const { hostname, port } = new URL(fnscope.url)
  for (const framing of [`Content-Length: ${100 * 1024 * 1024}`, 'Transfer-Encoding: chunked']) {
    const socket = connect(Number(port), hostname)
    let answer = ''
    socket.setEncoding('latin1').on('data', (part: string) => (answer += part))
    socket.on('error', () => {})
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    const answered = new Promise<void>((resolve) => socket.once('data', () => resolve()))
    socket.write(`POST /TraceSegments HTTP/1.1\r\n${HOST}${framing}\r\n\r\n`)
    const chunked = framing.startsWith('Transfer')
    const megabyte = Buffer.alloc(1024 * 1024, 0x20)
    const piece = chunked ? Buffer.concat([Buffer.from('100000\r\n'), megabyte, Buffer.from('\r\n')]) : megabyte
    for (let sent = 0; sent < 100 && !socket.destroyed && socket.bytesRead === 0; sent++) {
      const room = new Promise<void>((resolve) => socket.once('drain', () => resolve()))
      if (!socket.write(piece)) await Promise.race([room, closed, answered])
    }
    if (chunked) socket.write('0\r\n\r\n')
    await Promise.race([closed, answered])
    socket.destroy()
    assert.match(answer, /^HTTP\/1\.1 413 /, framing)
  }
  if (before !== undefined) assert.ok(residentBytes(fnscope)! < before + 400 * 1024 * 1024)
  await assertGoodDataPasses(fnscope)
})

test('a thousand connections that say nothing, or never finish, hold up nobody', async () => {
  const idle: Socket[] = []
  try {
    for (const base of [fnscope.url, `http://${fnscope.doors['xray-daemon']}`, front]) {
      const { hostname, port } = new URL(base)
      for (let i = 0; i < 350; i++) {
        const socket = connect(Number(port), hostname)
        socket.on('error', () => {})
        idle.push(socket)
        await once(socket, 'connect')
        if (i % 3 === 1) socket.write('POST /TraceSegments HTTP/1.1\r\nHost: 127.0')
        if (i % 3 === 2) socket.write(`POST /Prod/mark HTTP/1.1\r\n${HOST}Content-Length: 1000\r\n\r\n{`)
      }
    }
    await assertGoodDataPasses(fnscope)
    assert.equal((await send(front, { path: '/Prod/mark' })).status, 200)
  } finally {
    for (const socket of idle) socket.destroy()
  }
  await assertGoodDataPasses(fnscope)
})

const PATHS: readonly (readonly [path: string, statuses: readonly number[]])[] = [
  ['//', [403, 404]],
  ['/Prod', [403, 404]],
  ['//Prod/mark', [403, 404]],
  ['/Prod//mark', [200, 403, 404]],
  ['/Prod/mark/', [200, 403, 404]],
  ['/Prod/../mark', [403, 404]],
  ['/Prod/%2e%2e/mark', [403, 404]],
  ['/prod/mark', [403, 404]],
  ['/Prod/mark%00', [403, 404]],
  ['/Prod/items/%00', [200]],
  ['/Prod/items/a%2Fb', [200]],
  ['/Prod/items/%', [200, 400]],
  ['/Prod/items/%ff%fe', [200]],
  ['/Prod/items/__proto__', [200]],
  ['/Prod/items/..', [200, 403]],
  ['/Prod/mark?', [200]],
  ['/Prod/mark?a&a=&=b&%=%&__proto__=x&a[b]=c&a%00=1', [200]],
  [`/Prod/mark?${'a=1&'.repeat(2000)}`, [200]],
  [`/Prod/items/${'a'.repeat(7000)}`, [200, 414]],
]

test("weird paths of an app's API are its gateway's 403 or reach the function", async () => {
  for (const [path, statuses] of PATHS) {
    for (const method of ['GET', 'POST']) {
      const answer = await send(front, { method, path })
      assert.ok(statuses.includes(answer.status), `${method} ${path.slice(0, 60)}: ${answer.status} ${answer.body}`)
    }
  }
  const absolute = await sendBytes(
    front,
    `GET http://evil.example/Prod/mark HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`,
  )
  assert.match(absolute, /^HTTP\/1\.1 (403|404|400) /)
})

test('bodies beyond 10 MB are 413, bodies of any bytes reach the function', async () => {
  const path = '/Prod/mark'
  const large = await send(front, { method: 'POST', path, body: new Uint8Array(10 * 1024 * 1024 + 1) })
  assert.equal(large.status, 413)
  for (const body of [new Uint8Array([0xff, 0x00, 0xfe]), '\ud800', '{"a":', 'x'.repeat(1_000_000)])
    assert.equal((await send(front, { method: 'POST', path, body })).status, 200)
  assert.equal((await send(front, { method: 'TRACE', path })).status, 200, 'ANY means any')
  await assertGoodDataPasses(fnscope)
})

test('no failure of ours was logged', () => {
  assert.ok(!/"level":(50|60)/.test(fnscope.stderr()), fnscope.stderr().slice(0, 2000))
})
