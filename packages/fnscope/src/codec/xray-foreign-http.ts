// X-Ray's http block from OpenTelemetry's attributes, of current and of older names, as the OpenTelemetry collector
// builds it. What it holds is taken.
import type { Span } from '../span/span.ts'
import { put, type Members } from './xray-members.ts'
import type { TakenAttributes } from './taken-attributes.ts'

/** Any of them makes it a span of HTTP. */
const HTTP_KEYS = [
  'http.request.method',
  'http.method',
  'url.full',
  'http.url',
  'http.response.status_code',
  'http.status_code',
  'user_agent.original',
  'http.user_agent',
  'client.address',
  'http.client_ip',
  'http.host',
  'http.server_name',
  'http.target',
  'url.path',
  'url.query',
  'url.scheme',
  'http.scheme',
]
const PEER_KEYS = ['network.peer.address', 'net.sock.peer.addr', 'net.peer.ip']
const PLACE_KEYS = [
  ...PEER_KEYS,
  'server.address',
  'server.port',
  'net.peer.name',
  'net.peer.port',
  'net.host.name',
  'net.host.port',
]

/** Empty when the span says nothing of HTTP. */
export function foreignHttp(span: Span, attributes: TakenAttributes): Members {
  const { http } = span
  if (http === undefined && !HTTP_KEYS.some((key) => attributes.get(key) !== undefined)) return {}
  const client = attributes.text('client.address', 'http.client_ip')
  const peer = attributes.text(...PEER_KEYS)
  const request: Members = {}
  if (client !== '' && peer === '') request['x_forwarded_for'] = true
  put(request, 'method', attributes.text('http.request.method', 'http.method') || http?.method)
  put(request, 'url', urlOf(attributes) || http?.url)
  put(request, 'user_agent', attributes.text('user_agent.original', 'http.user_agent') || http?.userAgent)
  put(request, 'client_ip', client || peer || http?.clientIp)
  if (http?.traced === true) request['traced'] = true
  const response: Members = {}
  put(response, 'status', attributes.whole('http.response.status_code', 'http.status_code') ?? http?.status)
  const size = attributes.whole('http.response.body.size', 'http.response.size', 'http.response_content_length')
  response['content_length'] = size ?? 0
  attributes.take(...HTTP_KEYS, ...PLACE_KEYS)
  return { request, response }
}

/** As given, else scheme://host:port and path; '' when no host or nothing of a URL is known. */
function urlOf(attributes: TakenAttributes): string {
  const given = attributes.text('url.full', 'http.url')
  if (given !== '') return given
  const path = attributes.text('http.target') || pathOf(attributes)
  const scheme = attributes.text('url.scheme', 'http.scheme')
  const host = attributes.text('http.host', 'server.address', 'http.server_name', 'net.host.name', 'net.peer.name')
  if (host === '' || (path === '' && scheme === '')) return path
  const port = attributes.whole('server.port', 'net.host.port', 'net.peer.port') ?? 0
  const shown = port === 0 || port === 80 || port === 443 || /:\d+$/.test(host) ? '' : `:${port}`
  return `${scheme || 'http'}://${host}${shown}${path === '' || path.startsWith('/') ? '' : '/'}${path}`
}

function pathOf(attributes: TakenAttributes): string {
  const query = attributes.text('url.query')
  return attributes.text('url.path') + (query === '' || query.startsWith('?') ? query : `?${query}`)
}
