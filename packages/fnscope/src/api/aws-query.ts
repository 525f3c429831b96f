// AWS's query protocol: a form with Action and members like MetricData.member.1.MetricName, answered in XML.
import { setOwn, type JsonObject } from '../codec/json.ts'
import type { AwsProtocol } from './aws-protocol.ts'
import type { AwsService, QueryTypes } from './aws-service.ts'
import { notReadable, type ServiceError } from './service-error.ts'
import { escapeXml, xmlElement } from './xml.ts'

const MAX_MEMBERS = 200_000
const MAX_DEPTH = 16
const XML = { 'content-type': 'text/xml' }

export interface QueryRequest {
  readonly body: Buffer
  readonly requestId: string
}

export interface QueryForm {
  readonly version: string | undefined
  readonly protocol: AwsProtocol
}

export function awsQuery({ body, requestId }: QueryRequest): QueryForm {
  const form = new URLSearchParams(body.toString('utf8'))
  const operation = form.get('Action') ?? ''
  return {
    version: form.get('Version') ?? undefined,
    protocol: {
      target: undefined,
      operation,
      decode: (service) => decode(form, service.query?.types[operation] ?? {}),
      encode: (output, service) => ({
        headers: XML,
        body: resultXml(operation, output, { xmlNamespace: service.query?.xmlNamespace ?? '', requestId }),
      }),
      encodeError: (error, service) => ({ headers: XML, body: errorXml(error, service, requestId) }),
    },
  }
}

// A branch by its keys; `member` with numbers below it is a list.
type Branch = Map<string, Branch | string>

function decode(form: URLSearchParams, types: QueryTypes): JsonObject {
  const root: Branch = new Map()
  let members = 0
  for (const [name, value] of form) {
    if (name === 'Action' || name === 'Version') continue
    members += 1
    const path = name.split('.')
    if (members > MAX_MEMBERS || path.length > MAX_DEPTH) throw notReadable('The form has too many members.')
    put(root, path, value)
  }
  return objectOf(root, '', types)
}

function put(root: Branch, path: readonly string[], value: string): void {
  let branch = root
  for (const key of path.slice(0, -1)) {
    let next = branch.get(key)
    if (typeof next === 'string') throw notReadable(`${path.join('.')} is both a value and a structure.`)
    if (next === undefined) branch.set(key, (next = new Map()))
    branch = next
  }
  const last = path.at(-1)!
  if (branch.get(last) instanceof Map) throw notReadable(`${path.join('.')} is both a value and a structure.`)
  branch.set(last, value)
}

function objectOf(branch: Branch, path: string, types: QueryTypes): JsonObject {
  const object: { [key: string]: unknown } = {}
  for (const [key, value] of branch) setOwn(object, key, valueOf(value, path === '' ? key : `${path}.${key}`, types))
  return object
}

function valueOf(value: Branch | string, path: string, types: QueryTypes): unknown {
  if (typeof value === 'string') return scalarOf(value, path, types)
  const list = value.get('member')
  if (!(list instanceof Map) || value.size > 1) return objectOf(value, path, types)
  return [...list.keys()]
    .map((key) => {
      if (!/^[1-9]\d{0,6}$/.test(key)) throw notReadable(`${path}.member.${key} is no place in a list.`)
      return Number(key)
    })
    .sort((a, b) => a - b)
    .map((place) => valueOf(list.get(String(place))!, `${path}.*`, types))
}

function scalarOf(text: string, path: string, types: QueryTypes): unknown {
  if (types.numbers?.includes(path)) {
    const number = text.trim() === '' ? Number.NaN : Number(text)
    if (Number.isNaN(number) && text !== 'NaN') throw notReadable(`${path} is not a number: "${text.slice(0, 100)}".`)
    return number
  }
  if (types.times?.includes(path)) {
    const millis = Date.parse(text)
    if (Number.isNaN(millis)) throw notReadable(`${path} is not a time: "${text.slice(0, 100)}".`)
    return millis / 1000
  }
  if (types.booleans?.includes(path)) {
    if (text !== 'true' && text !== 'false') throw notReadable(`${path} is not true or false.`)
    return text === 'true'
  }
  return text
}

function resultXml(
  operation: string,
  output: object | undefined,
  { xmlNamespace, requestId }: { readonly xmlNamespace: string; readonly requestId: string },
): string {
  const result = output === undefined ? '' : xmlElement(`${operation}Result`, output, 'member')
  const metadata = xmlElement('ResponseMetadata', { RequestId: requestId }, 'member')
  return `<${operation}Response xmlns="${escapeXml(xmlNamespace)}">${result}${metadata}</${operation}Response>`
}

function errorXml(error: ServiceError, service: AwsService | undefined, requestId: string): string {
  const type = error.status < 500 ? 'Sender' : 'Receiver'
  const said = xmlElement('Error', { Type: type, Code: error.queryCode, Message: error.message }, 'member')
  const namespace = service?.query === undefined ? '' : ` xmlns="${escapeXml(service.query.xmlNamespace)}"`
  return `<ErrorResponse${namespace}>${said}${xmlElement('RequestId', requestId, 'member')}</ErrorResponse>`
}
