// X-Ray documents over UDP: how soon one is in an answer, and how many a second are taken without loss.
import { createSocket } from 'node:dgram'
import { startFnscope } from '../test/started-fnscope.ts'
import { quantiles, report } from './measure.ts'

const SINGLE = Number(process.env['SINGLE'] ?? 50)
const RATE = Number(process.env['RATE'] ?? 30_000)
const SECONDS = Number(process.env['SECONDS'] ?? 5)

const HEADER = '{"format":"json","version":1}\n'
const hex = (digits: number): string => Buffer.from(crypto.getRandomValues(new Uint8Array(digits / 2))).toString('hex')

function segment(): { readonly traceId: string; readonly datagram: Buffer } {
  const now = Date.now() / 1000
  const traceId = `1-${Math.floor(now).toString(16)}-${hex(24)}`
  const text = JSON.stringify({
    id: hex(16),
    name: 'checkout',
    start_time: now - 0.1,
    end_time: now,
    trace_id: traceId,
    origin: 'AWS::EC2::Instance',
    http: {
      request: { method: 'GET', url: 'http://shop.example/checkout', user_agent: 'bench' },
      response: { status: 200 },
    },
    annotations: { tenant: `t${Math.floor(Math.random() * 100)}`, amount: 12.5 },
    metadata: { default: { cart: ['a', 'b', 'c'], note: 'x'.repeat(80) } },
  })
  return { traceId, datagram: Buffer.from(HEADER + text) }
}

await using fnscope = await startFnscope()
const [host, port] = fnscope.doors['xray-daemon']!.split(':') as [string, string]
const socket = createSocket('udp4')
const send = (datagram: Buffer): Promise<void> =>
  new Promise((resolve) => socket.send(datagram, Number(port), host, () => resolve()))

async function isThere(traceId: string): Promise<boolean> {
  const response = await fetch(`${fnscope.url}/Traces`, {
    method: 'POST',
    body: JSON.stringify({ TraceIds: [traceId] }),
    headers: { authorization: 'bench' },
  })
  return ((await response.json()) as { readonly Traces: readonly unknown[] }).Traces.length === 1
}

const visible: number[] = []
for (let i = 0; i < SINGLE; i++) {
  const { traceId, datagram } = segment()
  const started = performance.now()
  await send(datagram)
  while (!(await isThere(traceId))) await new Promise((resolve) => setTimeout(resolve, 2))
  visible.push(performance.now() - started)
}

async function counter(name: string): Promise<number> {
  const text = await (await fetch(`${fnscope.url}/metrics`)).text()
  return text
    .split('\n')
    .filter((line) => line.startsWith(name))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}

const documents = Array.from({ length: 2000 }, segment)
const before = await counter('fnscope_received_total{door="xray-daemon"')
const started = performance.now()
let sent = 0
while (performance.now() - started < SECONDS * 1000) {
  const due = Math.min(RATE * SECONDS, Math.floor(((performance.now() - started) / 1000) * RATE))
  while (sent < due) socket.send(documents[sent++ % documents.length]!.datagram, Number(port), host)
  await new Promise((resolve) => setTimeout(resolve, 1))
}
const elapsed = (performance.now() - started) / 1000
await new Promise((resolve) => setTimeout(resolve, 2000))
const received = (await counter('fnscope_received_total{door="xray-daemon"')) - before
socket.close()
report('udp', {
  visibleMs: quantiles(visible),
  offeredPerSecond: Math.round(sent / elapsed),
  receivedPerSecond: Math.round(received / elapsed),
  lossPercent: Number((100 * (1 - received / sent)).toFixed(3)),
})
