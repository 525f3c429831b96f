// AWS STS (query protocol). There are no identities here: whoever calls is the account, and every role can be assumed. The
// access key that comes back is the caller's own, which --token may want to see again; the session token says the rest.
import { createHash } from 'node:crypto'
import { numberIn, textIn } from './aws-input.ts'
import type { AwsCall, AwsService } from './aws-service.ts'
import { ServiceError } from './service-error.ts'

export interface StsOptions {
  readonly region: string
  readonly accountId: string
  readonly nowMs: () => number
}

const HOUR_SECONDS = 3600
const ROLE_ARN = /^arn:(aws|aws-cn|aws-us-gov):iam::(\d{12}):role\/((?:[\w+=,.@-]+\/)*)([\w+=,.@-]+)$/

interface Session {
  readonly arn: string
  readonly userId: string
}

export function stsService(options: StsOptions): AwsService {
  const { accountId } = options
  const credentials = (call: AwsCall, session: Session, seconds: number): object => ({
    AccessKeyId: accessKeyOf(call) ?? 'ASIAFNSCOPELOCAL0000',
    SecretAccessKey: createHash('sha256').update(session.arn).digest('base64').slice(0, 40),
    SessionToken: Buffer.from(JSON.stringify(session)).toString('base64url'),
    Expiration: new Date(Math.floor(options.nowMs() / 1000 + seconds) * 1000),
  })
  const assume = (call: AwsCall): { readonly session: Session; readonly seconds: number } => {
    const roleArn = required(call, 'RoleArn', 'roleArn')
    const name = required(call, 'RoleSessionName', 'roleSessionName')
    const match = ROLE_ARN.exec(roleArn)
    if (match === null) throw new ServiceError('ValidationError', `${roleArn} is invalid`)
    const [, partition, account, , role] = match
    const userId = `${roleId(roleArn)}:${name}`
    const arn = `arn:${partition}:sts::${account}:assumed-role/${role}/${name}`
    return { session: { arn, userId }, seconds: numberIn(call.input, 'DurationSeconds') ?? HOUR_SECONDS }
  }
  const assumed = (call: AwsCall): object => {
    const { session, seconds } = assume(call)
    return {
      Credentials: credentials(call, session, seconds),
      AssumedRoleUser: { AssumedRoleId: session.userId, Arn: session.arn },
      PackedPolicySize: 0,
    }
  }
  const own = { arn: `arn:aws:iam::${accountId}:root`, userId: accountId }
  const durations = { numbers: ['DurationSeconds'] }
  return {
    target: 'AWSSecurityTokenServiceV20110615',
    namespace: 'com.amazonaws.sts',
    query: {
      version: '2011-06-15',
      xmlNamespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
      types: {
        AssumeRole: durations,
        AssumeRoleWithWebIdentity: durations,
        AssumeRoleWithSAML: durations,
        GetSessionToken: durations,
        GetFederationToken: durations,
      },
    },
    operations: {
      GetCallerIdentity: (call) => {
        const { arn, userId } = sessionOf(call.header('x-amz-security-token')) ?? own
        return { Arn: arn, UserId: userId, Account: accountIdIn(arn) ?? accountId }
      },
      AssumeRole: assumed,
      AssumeRoleWithWebIdentity: (call) => ({
        ...assumed(call),
        Provider: 'fnscope',
        SubjectFromWebIdentityToken: required(call, 'RoleSessionName', 'roleSessionName'),
      }),
      GetSessionToken: (call) => ({
        Credentials: credentials(call, own, numberIn(call.input, 'DurationSeconds') ?? 12 * HOUR_SECONDS),
      }),
      GetFederationToken: (call) => {
        const name = required(call, 'Name', 'name')
        const session = { arn: `arn:aws:sts::${accountId}:federated-user/${name}`, userId: `${accountId}:${name}` }
        return {
          Credentials: credentials(call, session, numberIn(call.input, 'DurationSeconds') ?? 12 * HOUR_SECONDS),
          FederatedUser: { FederatedUserId: session.userId, Arn: session.arn },
          PackedPolicySize: 0,
        }
      },
      GetAccessKeyInfo: () => ({ Account: accountId }),
      DecodeAuthorizationMessage: () => {
        throw new ServiceError('InvalidAuthorizationMessageException', 'fnscope denies nothing and encodes no message.')
      },
    },
  }
}

/** As the cloud makes them: AROA and 17 letters and digits, the same for the same role. */
export function roleId(roleArn: string): string {
  return `AROA${createHash('sha256').update(roleArn).digest('hex').slice(0, 17).toUpperCase()}`
}

function accessKeyOf({ header }: AwsCall): string | undefined {
  return /Credential=(.+?)\/\d{8}\//.exec(header('authorization') ?? '')?.[1]
}

function sessionOf(token: string | undefined): Session | undefined {
  try {
    const value = JSON.parse(Buffer.from(token ?? '', 'base64url').toString('utf8')) as Partial<Session>
    return typeof value.arn === 'string' && typeof value.userId === 'string'
      ? { arn: value.arn, userId: value.userId }
      : undefined
  } catch {
    return undefined
  }
}

function accountIdIn(arn: string): string | undefined {
  return /^arn:[\w-]+:(?:sts|iam)::(\d{12}):/.exec(arn)?.[1]
}

function required({ input }: AwsCall, name: string, spelled: string): string {
  const value = textIn(input, name)
  if (value !== undefined && value !== '') return value
  throw new ServiceError(
    'ValidationError',
    `1 validation error detected: Value at '${spelled}' failed to satisfy constraint: Member must not be null`,
  )
}
