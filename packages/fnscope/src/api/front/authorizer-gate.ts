// Authorizers of an API: Lambda ones are asked and remembered for their time, what they say is handed on. JWTs and Cognito
// tokens are decoded and their claims handed on, IAM signatures are taken as they are: nothing here has the keys.
import type { AuthorizerSpec } from '../../functions/trigger-spec.ts'
import type { ProxyResponse } from '../../functions/triggers/gateway-answer.ts'
import type { EventRoute } from '../../functions/triggers/rest-event.ts'
import { allows, isPolicy } from './authorizer-policy.ts'
import { claimsOf, expired, missesScope, spellClaims } from './bearer-claims.ts'
import { invokeInTime, targetOf, type Exchange } from './front-exchange.ts'
import { challenged, EXPIRED, refusals, unsigned, type Refusals } from './authorizer-refusals.ts'

/** What the event gets, or what the caller is told. */
export type Passed = Pick<EventRoute, 'authorizer' | 'identity'> | { readonly refused: ProxyResponse }

export interface AskedFor {
  /** methodArn or routeArn. */
  readonly arn: string
  readonly stageVariables: Readonly<Record<string, string>>
  /** The request as a REQUEST authorizer gets it, but for what names the authorizer's own parts. */
  readonly payload: object
}

type LambdaAuthorizer = Extract<AuthorizerSpec, { readonly kind: 'lambda' }>

interface Remembered {
  readonly untilMs: number
  readonly answer: Readonly<Record<string, unknown>>
}

const TIMEOUT_MS = 10_000
const MAX_REMEMBERED = 1000

export class AuthorizerGate {
  readonly #api: 'rest' | 'http'
  readonly #refusals: Refusals
  readonly #remembered = new Map<string, Remembered>()

  constructor(api: 'rest' | 'http') {
    this.#api = api
    this.#refusals = refusals(api)
  }

  /** @param asked undefined for IAM alone */
  async pass(exchange: Exchange, authorizer: AuthorizerSpec, asked: AskedFor | undefined): Promise<Passed> {
    switch (authorizer.kind) {
      case 'iam':
        return this.#iam(exchange)
      case 'jwt':
      case 'cognito':
        return this.#token(exchange, authorizer)
      case 'lambda':
        return await this.#lambda(exchange, authorizer, asked!)
    }
  }

  #iam({ request, options }: Exchange): Passed {
    const signed = /Credential=([^/,\s]+)\//.exec(request.headers.authorization ?? request.url ?? '')
    const presigned = new URLSearchParams(targetOf(request)[1]).get('X-Amz-Credential')?.split('/')[0]
    const accessKey = signed?.[1] ?? presigned
    if (accessKey === undefined)
      return { refused: this.#api === 'rest' ? unsigned(request.headers.authorization) : this.#refusals.forbidden }
    const { accountId } = options
    const userArn = `arn:aws:iam::${accountId}:root`
    if (this.#api === 'rest') return { identity: { accessKey, accountId, caller: accountId, user: accountId, userArn } }
    const iam = { accessKey, accountId, callerId: accountId, cognitoIdentity: null, principalOrgId: null, userArn }
    return { authorizer: { iam: { ...iam, userId: accountId } } }
  }

  #token(exchange: Exchange, authorizer: Extract<AuthorizerSpec, { readonly kind: 'jwt' | 'cognito' }>): Passed {
    const token = identityOf(exchange, authorizer.identitySource, {})
    const claims = claimsOf(token)
    const { now = Date.now } = exchange.options
    const { unauthorized, forbidden } = this.#refusals
    if (authorizer.kind === 'cognito') {
      if (claims === undefined) return { refused: unauthorized }
      return expired(claims, now()) ? { refused: EXPIRED } : { authorizer: { claims: spellClaims(claims) } }
    }
    const { issuer, audience, scopes } = authorizer
    const invalid = (description?: string): Passed => ({
      refused: challenged(unauthorized, { error: 'invalid_token', ...(description && { description }), scopes }),
    })
    if (token === undefined) return { refused: challenged(unauthorized) }
    if (claims === undefined) return invalid()
    if (expired(claims, now())) return invalid('the token has expired')
    const audiences = [claims['aud'], claims['client_id']].flat().filter((one) => typeof one === 'string')
    if (claims['iss'] !== undefined && issuer !== '' && claims['iss'] !== issuer) return invalid()
    if (audiences.length > 0 && audience.length > 0 && !audiences.some((one) => audience.includes(one)))
      return invalid('the token does not have a valid audience')
    if (missesScope(claims, scopes)) return { refused: challenged(forbidden, { error: 'insufficient_scope', scopes }) }
    return { authorizer: { jwt: { claims: spellClaims(claims), scopes: scopes.length === 0 ? null : scopes } } }
  }

  async #lambda(exchange: Exchange, authorizer: LambdaAuthorizer, asked: AskedFor): Promise<Passed> {
    const identities = authorizer.identitySources.map((source) => identityOf(exchange, source, asked.stageVariables))
    const given = identities.filter((identity) => identity !== undefined)
    if (given.length < identities.length) return { refused: this.#refusals.unauthorized }
    const [first] = given
    const { validation } = authorizer
    if (validation !== undefined && !fits(validation, first)) return { refused: this.#refusals.unauthorized }
    const answer = await this.#ask(exchange, authorizer, asked, given)
    if (answer === 'unauthorized') return { refused: this.#refusals.unauthorized }
    if (answer === undefined) return { refused: this.#refusals.broken }
    return this.#judge(authorizer, asked.arn, answer)
  }

  #judge(authorizer: LambdaAuthorizer, arn: string, answer: Readonly<Record<string, unknown>>): Passed {
    const context = typeof answer['context'] === 'object' && answer['context'] !== null ? answer['context'] : {}
    if (authorizer.simpleAnswers && answer['isAuthorized'] !== undefined)
      return answer['isAuthorized'] === true
        ? { authorizer: { lambda: context } }
        : { refused: this.#refusals.forbidden }
    const { policyDocument: policy } = answer
    if (!isPolicy(policy)) return { refused: this.#refusals.broken }
    const verdict = allows(policy, arn)
    if (verdict !== 'allowed')
      return { refused: verdict === 'denied' ? this.#refusals.denied : this.#refusals.forbidden }
    if (this.#api === 'http') return { authorizer: { lambda: context } }
    const spelled = Object.fromEntries(Object.entries(context).map(([name, value]) => [name, String(value)]))
    return { authorizer: { principalId: answer['principalId'], integrationLatency: 0, ...spelled } }
  }

  async #ask(
    exchange: Exchange,
    authorizer: LambdaAuthorizer,
    { arn, payload }: AskedFor,
    identities: readonly string[],
  ): Promise<Readonly<Record<string, unknown>> | 'unauthorized' | undefined> {
    const { now = Date.now } = exchange.options
    const key = JSON.stringify([authorizer.name, identities])
    const known = authorizer.ttlSeconds > 0 && identities.length > 0 ? this.#remembered.get(key) : undefined
    if (known !== undefined && known.untilMs > now()) return known.answer
    const own =
      authorizer.type === 'TOKEN'
        ? { type: 'TOKEN', authorizationToken: identities[0], methodArn: arn }
        : this.#api === 'rest'
          ? payload
          : authorizer.payload === '2.0'
            ? { ...payload, type: 'REQUEST', routeArn: arn, identitySource: identities, body: undefined }
            : { ...payload, type: 'REQUEST', methodArn: arn, identitySource: identities.join(','), body: undefined }
    const { trace } = exchange
    const result = await invokeInTime(exchange, authorizer.functionName, own, TIMEOUT_MS)
    // The function behind the route continues the request's trace, not the authorizer's.
    exchange.trace = trace
    if (typeof result === 'string') return undefined
    const text = Buffer.from(result.payload).toString()
    if (result.functionError !== undefined)
      return /"errorMessage"\s*:\s*"Unauthorized"/.test(text) ? 'unauthorized' : undefined
    const answer = parse(text)
    if (answer !== undefined && authorizer.ttlSeconds > 0) {
      if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear()
      this.#remembered.set(key, { untilMs: now() + authorizer.ttlSeconds * 1000, answer })
    }
    return answer
  }
}

/** @param source `method.request.header.X`, `$request.querystring.x`, `stageVariables.x`, `$stageVariables.x` */
function identityOf(
  { request }: Exchange,
  source: string,
  stageVariables: Readonly<Record<string, string>>,
): string | undefined {
  const [, kind, name = ''] = /(header|querystring|stageVariables|context)\.(.+)$/.exec(source) ?? []
  const value =
    kind === 'header'
      ? request.headers[name.toLowerCase()]
      : kind === 'querystring'
        ? (new URLSearchParams(targetOf(request)[1]).get(name) ?? undefined)
        : kind === 'stageVariables'
          ? stageVariables[name]
          : `${kind}.${name}`
  return value === undefined || value === '' ? undefined : String(value)
}

function fits(pattern: string, text: string | undefined): boolean {
  try {
    return new RegExp(`^(?:${pattern})$`).test(text ?? '')
  } catch {
    return true
  }
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
