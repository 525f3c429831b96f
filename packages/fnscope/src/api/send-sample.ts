// Sends a sample to a door of this machine as a client would: a datagram, an HTTP request or a unary gRPC call.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, constants, type IncomingHttpHeaders } from 'node:http2'
import { FnscopeError, messageOf } from '../errors.ts'
import type { Sample } from './door-samples.ts'

const TIMEOUT_MS = 20_000

/** @param to host:port. @throws FnscopeError FNS_REFUSED when it was not taken, in the door's own words */
export async function sendSample(sample: Sample, to: string, token: string | undefined): Promise<void> {
  try {
    if (sample.over === 'udp') await sendDatagram(sample.bytes, to)
    else if (sample.over === 'http') await sendHttp(sample, to, token)
    else await sendGrpc(sample, to, token)
  } catch (error) {
    throw new FnscopeError('FNS_REFUSED', `The sample did not get through ${to}: ${messageOf(error)}`, { cause: error })
  }
}

async function sendDatagram(bytes: Uint8Array, to: string): Promise<void> {
  const url = new URL(`udp://${to}`)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  try {
    const sent = Promise.withResolvers<void>()
    socket.send(bytes, Number(url.port), host, (error) => (error ? sent.reject(error) : sent.resolve()))
    await sent.promise
  } finally {
    socket.close()
  }
}

async function sendHttp(
  { method, path, type, bytes }: Extract<Sample, { readonly over: 'http' }>,
  to: string,
  token: string | undefined,
): Promise<void> {
  const response = await fetch(`http://${to}${path}`, {
    method,
    headers: { 'content-type': type, ...bearer(token) },
    body: new Uint8Array(bytes),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  const answer = await response.text()
  if (!response.ok) throw new Error(`${response.status} ${answer.slice(0, 500)}`)
}

async function sendGrpc(
  { path, bytes }: Extract<Sample, { readonly over: 'grpc' }>,
  to: string,
  token: string | undefined,
): Promise<void> {
  const session = connect(`http://${to}`)
  try {
    await once(session, 'connect', { signal: AbortSignal.timeout(TIMEOUT_MS) })
    const call = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...bearer(token),
    })
    const head = Buffer.alloc(5)
    head.writeUInt32BE(bytes.length, 1)
    call.end(Buffer.concat([head, bytes]))
    call.resume()
    // Trailers come alone where there is no answer but a status.
    let status: string | undefined
    let message: string | undefined
    const note = (headers: IncomingHttpHeaders): void => {
      status = headers['grpc-status']?.toString() ?? status
      message = headers['grpc-message']?.toString() ?? message
    }
    call.on('response', note)
    call.on('trailers', note)
    await once(call, 'close', { signal: AbortSignal.timeout(TIMEOUT_MS) })
    if (status !== '0') throw new Error(`gRPC status ${status ?? 'unknown'} ${message ?? ''}`)
  } finally {
    session.destroy()
  }
}

function bearer(token: string | undefined): { readonly authorization?: string } {
  return token === undefined ? {} : { authorization: `Bearer ${token}` }
}
