// A loopback server that a function's process talks to while a test waits: a file would not do, for functions in namespaces
// see other directories. POST /x keeps a JSON value under `x`; GET /x answers when the test says so.
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Mailbox extends AsyncDisposable {
  /** http://127.0.0.1:port */
  readonly url: string
  /** What was posted under the name so far. */
  received(name: string): readonly unknown[]
  /** Somebody waits for an answer under the name. */
  waits(name: string): boolean
  /** Answers those who wait, and those who will. */
  release(name: string): void
}

export async function openMailbox(): Promise<Mailbox> {
  const posted = new Map<string, unknown[]>()
  const waiting = new Map<string, ServerResponse[]>()
  const released = new Set<string>()
  const server = createServer((request, response) => {
    const name = request.url!.slice(1)
    if (request.method === 'POST') {
      let text = ''
      request.on('data', (piece: Buffer) => (text += piece.toString()))
      request.on('end', () => {
        posted.set(name, [...(posted.get(name) ?? []), JSON.parse(text)])
        response.end()
      })
    } else if (released.has(name)) response.end()
    else waiting.set(name, [...(waiting.get(name) ?? []), response])
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received: (name) => posted.get(name) ?? [],
    waits: (name) => (waiting.get(name)?.length ?? 0) > 0,
    release(name) {
      released.add(name)
      for (const response of waiting.get(name) ?? []) response.end()
      waiting.delete(name)
    },
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
