// What a span of another make is called in X-Ray, and what it is to its segment: names as the OpenTelemetry collector
// gives them; beyond it, a call is named by its host and database also where the span has the current names.
import type { Span } from '../span/span.ts'
import type { TakenAttributes } from './taken-attributes.ts'
import { CLIENT, CONSUMER, INTERNAL, SERVER } from '../span/span-kind.ts'

/** X-Ray takes no longer ones. */
const MAX_NAME = 200

/** Whatever X-Ray does not allow in a name. */
const FORBIDDEN = /[^ \p{L}\p{N}_.:/%&#=+,\\\-@]/gu

export function foreignName(span: Span, attributes: TakenAttributes): string {
  return called(span, attributes) || cleaned(span.name) || 'span'
}

function cleaned(name: string): string {
  return name.replaceAll(FORBIDDEN, '').slice(0, MAX_NAME)
}

function called(span: Span, attributes: TakenAttributes): string {
  const { kind, segment } = span
  const own = attributes.text('aws.local.service')
  const isRoot = attributes.text('aws.span.kind') === 'LOCAL_ROOT'
  if (own !== '' && (kind === SERVER || (kind === INTERNAL && isRoot))) return own
  const name =
    (kind >= CLIENT ? remoteService(attributes) : '') ||
    attributes.text('peer.service', 'aws.service') ||
    databaseOf(attributes)
  if (name !== '') return name
  // A consumer with a parent enters its service, as a server does.
  const enters = kind === SERVER || (kind === CONSUMER && segment && span.parentId !== undefined)
  if (enters && span.service !== '') return span.service
  return attributes.text('rpc.service', 'http.host', 'net.peer.name') || peerOf(span)
}

function remoteService(attributes: TakenAttributes): string {
  return attributes.text('aws.remote.service').replace(/^AWS(?:::|\.SDK\.)/, '')
}

/** database@host of what there is of it. */
function databaseOf(attributes: TakenAttributes): string {
  const name = attributes.text('db.name', 'db.namespace')
  if (name === '') return ''
  const connection = attributes.text('db.connection_string').replace(/^jdbc:/, '')
  const host = /^[a-z][a-z0-9+.-]*:\/\/(?:[^@/]*@)?(\[[^\]]*\]|[^:/?;]*)/i.exec(connection)?.[1] ?? ''
  const at = host || attributes.text('server.address')
  return at === '' ? name : `${name}@${at}`
}

/** What it calls: of a resource of AWS the service. */
function peerOf({ kind, peer }: Span): string {
  if (kind !== CLIENT || peer === undefined) return ''
  return peer.type.startsWith('AWS::') ? peer.type.split('::')[1]! : peer.name
}

/** X-Ray's namespace of a call. */
export function foreignNamespace({ kind, namespace, peer }: Span): string | undefined {
  if (kind !== CLIENT) return namespace
  return peer?.type.startsWith('AWS::') === true ? 'aws' : (namespace ?? 'remote')
}
