// Sends X-Ray documents at a fixed rate, as a process of its own so that it shares no event loop with who measures.
// Arguments: host, port, documents a second, how many documents, run id (16 hex digits). Prints what was sent as JSON.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'

import { documentOf } from './xray-document.ts'

const [host, port, rate, count, run] = process.argv.slice(2) as [string, string, string, string, string]
const perSecond = Number(rate)
const total = Number(count)

const MOST_LATE_MS = 20

const socket = createSocket('udp4')
socket.connect(Number(port), host)
await once(socket, 'connect')

// Made ahead: what is measured is the door, and the sender has to keep its pace beside it.
const datagrams = Array.from({ length: total }, (_, number) => documentOf(run, number))
let refused = 0
const onSent = (error: Error | null): void => {
  if (error !== null) refused += 1
}

const cpuBefore = process.cpuUsage()
const started = performance.now()
let sent = 0
// What is late by more is not sent in one burst later, as no set of independent clients would: the rate then falls
// behind, and the result says so.
const mostLate = Math.ceil((perSecond * MOST_LATE_MS) / 1000)
let forgiven = 0
while (sent < total) {
  const due = Math.ceil(((performance.now() - started) / 1000) * perSecond) - forgiven
  if (due - sent > mostLate) forgiven += due - sent - mostLate
  const until = Math.min(total, due, sent + mostLate)
  while (sent < until) socket.send(datagrams[sent++]!, onSent)
  await new Promise((resolve) => setTimeout(resolve, 1))
}
const seconds = (performance.now() - started) / 1000
socket.close()
const { user, system } = process.cpuUsage(cpuBefore)
console.log(JSON.stringify({ sent: sent - refused, seconds, cpuSeconds: (user + system) / 1e6 }))
