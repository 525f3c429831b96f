// fnscope's own calls of AWS services, at the other cloud or at fnscope itself. Signatures are only named: no local cloud
// checks them, and one that does (a real account's) refuses with its own words.

/** A service's refusal. */
export class CloudCallError extends Error {
  /** `ResourceNotFoundException`, `QueueDoesNotExist` … without a namespace. */
  readonly code: string
  readonly status: number

  constructor(code: string, status: number, message: string) {
    super(`${code}: ${message}`)
    this.name = 'CloudCallError'
    this.code = code
    this.status = status
  }
}

/** What was asked for is not there, or no longer. */
export function isGone(error: unknown): boolean {
  return error instanceof CloudCallError && error.code.startsWith('ResourceNotFound')
}

export interface CloudClientOptions {
  /** `http://host:port`, asked for at each call. */
  readonly endpoint: () => Promise<string>
  readonly region: string
  /** What the endpoint wants for an access key id. */
  readonly accessKeyId?: string | undefined
}

type Json = Readonly<Record<string, unknown>>

const TARGETS: Readonly<Record<string, readonly [target: string, version: string]>> = {
  sqs: ['AmazonSQS', '1.0'],
  dynamodb: ['DynamoDB_20120810', '1.0'],
  'dynamodb-streams': ['DynamoDBStreams_20120810', '1.0'],
  kinesis: ['Kinesis_20131202', '1.1'],
  events: ['AWSEvents', '1.1'],
  ssm: ['AmazonSSM', '1.1'],
  secretsmanager: ['secretsmanager', '1.1'],
}

export class CloudClient {
  readonly #options: CloudClientOptions

  constructor(options: CloudClientOptions) {
    this.#options = options
  }

  /** One of the services that speak JSON. @throws CloudCallError, and what fetch and endpoint() throw */
  async json(service: string, operation: string, input: Json, signal?: AbortSignal): Promise<Json> {
    const [target, version] = TARGETS[service]!
    const answer = await this.#send(service === 'dynamodb-streams' ? 'dynamodb' : service, {
      method: 'POST',
      path: '/',
      headers: { 'content-type': `application/x-amz-json-${version}`, 'x-amz-target': `${target}.${operation}` },
      body: JSON.stringify(input),
      signal,
    })
    return answer === '' ? {} : (JSON.parse(answer) as Json)
  }

  /** One of the services that speak the query protocol. @returns the XML */
  async query(service: string, version: string, parameters: Readonly<Record<string, string>>): Promise<string> {
    return await this.#send(service, {
      method: 'POST',
      path: '/',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ ...parameters, Version: version }).toString(),
    })
  }

  /** S3, path style. */
  async s3(method: 'PUT' | 'GET' | 'DELETE', path: string, body?: string): Promise<string> {
    return await this.#send('s3', { method, path, headers: {}, ...(body === undefined ? {} : { body }) })
  }

  /** Size and entity tag of an object; undefined when it is not there. */
  async headObject(path: string): Promise<{ readonly size: number; readonly eTag: string } | undefined> {
    const answer = await fetch(`${await this.#options.endpoint()}${path}`, {
      method: 'HEAD',
      headers: this.#authorization('s3'),
    })
    const eTag = (answer.headers.get('etag') ?? '').replaceAll('"', '')
    return answer.ok ? { size: Number(answer.headers.get('content-length') ?? 0), eTag } : undefined
  }

  #authorization(service: string): Record<string, string> {
    const { region, accessKeyId = 'local' } = this.#options
    const day = new Date().toISOString().slice(0, 10).replaceAll('-', '')
    const scope = `${accessKeyId}/${day}/${region}/${service}/aws4_request`
    return { authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=00` }
  }

  async #send(
    service: string,
    request: {
      readonly method: string
      readonly path: string
      readonly headers: Readonly<Record<string, string>>
      readonly body?: string
      readonly signal?: AbortSignal | undefined
    },
  ): Promise<string> {
    const answer = await fetch(`${await this.#options.endpoint()}${request.path}`, {
      method: request.method,
      headers: { ...request.headers, ...this.#authorization(service) },
      ...(request.body === undefined ? {} : { body: request.body }),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    })
    const text = await answer.text()
    if (answer.ok) return text
    const code =
      answer.headers.get('x-amzn-query-error')?.split(';')[0] ??
      /"__type"\s*:\s*"(?:[^"#]*#)?([^"]+)"|<Code>([^<]+)</.exec(text)?.slice(1).find(Boolean) ??
      answer.headers.get('x-amzn-errortype') ??
      String(answer.status)
    const message =
      /"[mM]essage"\s*:\s*"([^"]*)"|<Message>([^<]*)</.exec(text)?.slice(1).find(Boolean) ?? text.slice(0, 200)
    throw new CloudCallError(code, answer.status, message)
  }
}
