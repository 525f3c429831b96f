// PutResourcePolicy, ListResourcePolicies, DeleteResourcePolicy: kept and answered. Nobody is let in or kept out by them:
// that is what --token is for.
import { invalid, XrayError } from './xray-error.ts'
import { booleanMember, nameMember, isObject, refuseToken, textMember, type XrayBody } from './xray-request.ts'
import { nowSeconds, type SamplingOptions } from './xray-sampling.ts'
import type { ResourcePolicy, XraySettings } from './xray-state.ts'

export interface PoliciesOptions extends Pick<SamplingOptions, 'now'> {
  readonly settings: XraySettings
}

const MAX_POLICIES = 5
const MAX_BYTES = 5 * 1024
/** A revision to put that stands for: there must be none yet. */
const NEW = '0'

export function putResourcePolicy(body: XrayBody, options: PoliciesOptions): object {
  const name = policyNameMember(body)
  const document = textMember(body, 'PolicyDocument')
  if (document === undefined) throw invalid('PolicyDocument is missing.')
  booleanMember(body, 'BypassPolicyLockoutCheck')
  checkDocument(document)
  const { policies } = options.settings.current
  const known = policies.find((policy) => policy.name === name)
  const revision = textMember(body, 'PolicyRevisionId')
  if (revision !== undefined && revision !== (known?.revisionId ?? NEW)) throw wrongRevision(name, known)
  if (!known && policies.length >= MAX_POLICIES) {
    const message = `There may be ${MAX_POLICIES} resource policies: delete one first.`
    throw new XrayError('PolicyCountLimitExceededException', message)
  }
  const policy = {
    name,
    document,
    revisionId: String(Number(known?.revisionId ?? 0) + 1),
    updatedSeconds: Math.floor(nowSeconds(options)),
  }
  options.settings.change({ policies: [...policies.filter((one) => one !== known), policy] })
  return { ResourcePolicy: policyShape(policy) }
}

export function listResourcePolicies(body: XrayBody, { settings }: PoliciesOptions): object {
  refuseToken(body)
  return { ResourcePolicies: settings.current.policies.map(policyShape) }
}

export function deleteResourcePolicy(body: XrayBody, { settings }: PoliciesOptions): object {
  const name = policyNameMember(body)
  const { policies } = settings.current
  const known = policies.find((policy) => policy.name === name)
  if (!known) throw invalid(`There is no resource policy ${JSON.stringify(name)}.`)
  const revision = textMember(body, 'PolicyRevisionId')
  if (revision !== undefined && revision !== known.revisionId) throw wrongRevision(name, known)
  settings.change({ policies: policies.filter((policy) => policy !== known) })
  return {}
}

function policyNameMember(body: XrayBody): string {
  const name = nameMember(body, 'PolicyName', 128)
  if (!/^[\w+=,.@-]+$/.test(name)) throw invalid('PolicyName may have letters, digits and the signs _+=,.@- alone.')
  return name
}

function checkDocument(document: string): void {
  if (Buffer.byteLength(document) > MAX_BYTES) {
    throw new XrayError('PolicySizeLimitExceededException', `PolicyDocument may have at most ${MAX_BYTES} bytes.`)
  }
  let policy: unknown
  try {
    policy = JSON.parse(document)
  } catch {
    throw malformed('PolicyDocument is not JSON.')
  }
  if (!isObject(policy)) throw malformed('PolicyDocument must be a JSON object.')
  const statements = [policy['Statement']].flat()
  if (policy['Statement'] == null || statements.length === 0) throw malformed('PolicyDocument has no Statement.')
  for (const statement of statements) {
    const effect = isObject(statement) ? statement['Effect'] : undefined
    if (effect !== 'Allow' && effect !== 'Deny') throw malformed('Each Statement must have the Effect Allow or Deny.')
  }
}

function malformed(message: string): XrayError {
  return new XrayError('MalformedPolicyDocumentException', message)
}

function wrongRevision(name: string, known: ResourcePolicy | undefined): XrayError {
  const has = known ? `has the revision ${known.revisionId}` : 'is not there'
  return new XrayError('InvalidPolicyRevisionIdException', `The resource policy ${JSON.stringify(name)} ${has}.`)
}

function policyShape({ name, document, revisionId, updatedSeconds }: ResourcePolicy): object {
  return { PolicyName: name, PolicyDocument: document, PolicyRevisionId: revisionId, LastUpdatedTime: updatedSeconds }
}
