// What else is set of a function: permissions, concurrency, how events are retried, tags, and what is kept and shown alone.
import { isJsonObject } from '../codec/json.ts'
import type { EventInvokeConfig, FunctionRecord } from '../control/functions/function-record.ts'
import { newRevision } from '../control/functions/functions.ts'
import type { FunctionSpec } from '../functions/function-spec.ts'
import { numberIn, objectIn, textIn, textsIn } from './aws-input.ts'
import { accountSettings, reservedOf, touched } from './lambda-functions.ts'
import {
  checkRevision,
  conflict,
  functionArn,
  invalidParameter,
  namedIn,
  notFound,
  recordIn,
  stateOf,
  timeText,
  type LambdaCall,
  type LambdaContext,
  type LambdaRoute,
} from './lambda-context.ts'
import { ServiceError } from './service-error.ts'

const BASE = '/2015-03-31/functions/:name'

export function settingRoutes(context: LambdaContext): readonly LambdaRoute[] {
  return [
    { method: 'GET', path: '/2016-08-19/account-settings', status: 200, run: () => accountSettings(context) },
    ...permissionRoutes(context),
    ...concurrencyRoutes(context),
    ...eventInvokeRoutes(context),
    ...tagRoutes(context),
    ...keptRoutes(context),
  ]
}

function permissionRoutes(context: LambdaContext): readonly LambdaRoute[] {
  const policyIn = (call: LambdaCall): { readonly record: FunctionRecord; readonly key: string } => {
    const record = recordIn(context, call)
    const { qualifier } = namedIn(call)
    stateOf(context, record, qualifier)
    return { record, key: qualifier ?? '' }
  }
  return [
    {
      method: 'POST',
      path: `${BASE}/policy`,
      status: 201,
      run: async (call) => {
        const { record, key } = policyIn(call)
        const { input } = call
        const before = record.policies[key]
        const sid = textIn(input, 'StatementId') ?? ''
        const [action, principal] = [textIn(input, 'Action') ?? '', textIn(input, 'Principal') ?? '']
        if (!/^(lambda:[*]|lambda:[a-zA-Z]+|[*])$/.test(action))
          throw invalidParameter(
            `1 validation error detected: Value '${action}' at 'action' failed to satisfy constraint: Member must satisfy regular expression pattern: (lambda:[*]|lambda:[a-zA-Z]+|[*])`,
          )
        if (before?.statements.some((one) => one.Sid === sid) === true)
          throw conflict(
            `The statement id (${sid}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
          )
        const [sourceArn, sourceAccount] = [textIn(input, 'SourceArn'), textIn(input, 'SourceAccount')]
        const urlAuth = textIn(input, 'FunctionUrlAuthType')
        const condition = {
          ...(sourceAccount !== undefined && { StringEquals: { 'AWS:SourceAccount': sourceAccount } }),
          ...(sourceArn !== undefined && { ArnLike: { 'AWS:SourceArn': sourceArn } }),
          ...(urlAuth !== undefined && { StringEquals: { 'lambda:FunctionUrlAuthType': urlAuth } }),
        }
        const statement = {
          Sid: sid,
          Effect: 'Allow',
          Principal:
            principal === '*' ? '*' : /\.amazonaws\.com/.test(principal) ? { Service: principal } : { AWS: principal },
          Action: action,
          Resource: `${functionArn(context, record.name)}${key === '' ? '' : `:${key}`}`,
          ...(Object.keys(condition).length > 0 && { Condition: condition }),
        }
        const policy = { revisionId: newRevision(), statements: [...(before?.statements ?? []), statement] }
        await context.functions.put({ ...record, policies: { ...record.policies, [key]: policy } })
        return { Statement: JSON.stringify(statement) }
      },
    },
    {
      method: 'GET',
      path: `${BASE}/policy`,
      status: 200,
      run: (call) => {
        const { record, key } = policyIn(call)
        const policy = record.policies[key]
        if (policy === undefined || policy.statements.length === 0)
          throw notFound('The resource you requested does not exist.')
        const document = { Version: '2012-10-17', Id: 'default', Statement: policy.statements }
        return { Policy: JSON.stringify(document), RevisionId: policy.revisionId }
      },
    },
    {
      method: 'DELETE',
      path: `${BASE}/policy/:sid`,
      status: 204,
      run: async (call) => {
        const { record, key } = policyIn(call)
        const policy = record.policies[key]
        const left = policy?.statements.filter((one) => one.Sid !== call.params['sid']) ?? []
        if (policy === undefined || left.length === policy.statements.length)
          throw notFound(`Statement ${call.params['sid']} is not found in resource policy.`)
        checkRevision(call.query['RevisionId'], policy.revisionId)
        const policies = { ...record.policies, [key]: { revisionId: newRevision(), statements: left } }
        await context.functions.put({ ...record, policies })
        return undefined
      },
    },
  ]
}

function concurrencyRoutes(context: LambdaContext): readonly LambdaRoute[] {
  const path = '/2017-10-31/functions/:name/concurrency'
  const setReserved = async (call: LambdaCall, reserved: number | undefined): Promise<void> => {
    const record = recordIn(context, call)
    const { reservedConcurrency: _, ...spec } = record.spec
    const changed = { ...spec, ...(reserved !== undefined && { reservedConcurrency: reserved }) }
    await context.functions.put({ ...touched(record), spec: changed })
  }
  const provisionedPath = '/2019-09-30/functions/:name/provisioned-concurrency'
  const shown = (requested: number, modifiedMs: number): object => ({
    RequestedProvisionedConcurrentExecutions: requested,
    AvailableProvisionedConcurrentExecutions: requested,
    AllocatedProvisionedConcurrentExecutions: requested,
    Status: 'READY',
    LastModified: timeText(modifiedMs),
  })
  return [
    {
      method: 'PUT',
      path,
      status: 200,
      run: async (call) => {
        recordIn(context, call)
        const reserved = reservedOf(context, call)
        await setReserved(call, reserved)
        return { ReservedConcurrentExecutions: reserved }
      },
    },
    {
      method: 'DELETE',
      path,
      status: 204,
      run: async (call) => {
        await setReserved(call, undefined)
        return undefined
      },
    },
    {
      method: 'GET',
      path: '/2019-09-30/functions/:name/concurrency',
      status: 200,
      run: (call) => {
        const { reservedConcurrency } = recordIn(context, call).spec
        return reservedConcurrency === undefined ? {} : { ReservedConcurrentExecutions: reservedConcurrency }
      },
    },
    {
      method: 'PUT',
      path: provisionedPath,
      status: 202,
      run: async (call) => {
        const record = recordIn(context, call)
        const { qualifier } = namedIn(call)
        if (qualifier === undefined || qualifier === '$LATEST')
          throw invalidParameter('Provisioned Concurrency Configs cannot be applied to unpublished function versions.')
        const state = stateOf(context, record, qualifier)
        const requested = numberIn(call.input, 'ProvisionedConcurrentExecutions') ?? 0
        if (!Number.isInteger(requested) || requested < 1)
          throw invalidParameter('ProvisionedConcurrentExecutions must be a whole number from 1.')
        const modifiedMs = Date.now()
        await context.functions.put({
          ...record,
          provisioned: { ...record.provisioned, [qualifier]: { requested, modifiedMs } },
          versions: withProvisioned(record, state.spec, requested),
        })
        return { ...shown(requested, modifiedMs), Status: 'IN_PROGRESS' }
      },
    },
    {
      method: 'GET',
      path: provisionedPath,
      status: 200,
      run: (call) => {
        const record = recordIn(context, call)
        if (call.query['List'] === 'ALL')
          return {
            ProvisionedConcurrencyConfigs: Object.entries(record.provisioned).map(([qualifier, one]) => ({
              FunctionArn: `${functionArn(context, record.name)}:${qualifier}`,
              ...shown(one.requested, one.modifiedMs),
            })),
          }
        const found = record.provisioned[namedIn(call).qualifier ?? '']
        if (found === undefined)
          throw new ServiceError(
            'ProvisionedConcurrencyConfigNotFoundException',
            'No Provisioned Concurrency Config found for this function',
            { status: 404 },
          )
        return shown(found.requested, found.modifiedMs)
      },
    },
    {
      method: 'DELETE',
      path: provisionedPath,
      status: 204,
      run: async (call) => {
        const record = recordIn(context, call)
        const { qualifier = '' } = namedIn(call)
        const { [qualifier]: _, ...provisioned } = record.provisioned
        const versions = withProvisioned(record, stateOf(context, record, qualifier).spec, undefined)
        await context.functions.put({ ...record, provisioned, versions })
        return undefined
      },
    },
  ]
}

function withProvisioned(
  { versions }: FunctionRecord,
  { version }: FunctionSpec,
  requested: number | undefined,
): FunctionRecord['versions'] {
  return versions.map((one) => {
    if (one.spec.version !== version) return one
    const { provisionedConcurrency: _, ...spec } = one.spec
    return { ...one, spec: { ...spec, ...(requested !== undefined && { provisionedConcurrency: requested }) } }
  })
}

function eventInvokeRoutes(context: LambdaContext): readonly LambdaRoute[] {
  const path = '/2019-09-25/functions/:name/event-invoke-config'
  const keyIn = (call: LambdaCall): string => namedIn(call).qualifier ?? '$LATEST'
  const shown = ({ name }: FunctionRecord, key: string, config: EventInvokeConfig): object => ({
    LastModified: config.modifiedMs / 1000,
    FunctionArn: `${functionArn(context, name)}:${key}`,
    MaximumRetryAttempts: config.maximumRetryAttempts,
    MaximumEventAgeInSeconds: config.maximumEventAgeSeconds,
    DestinationConfig: {
      OnSuccess: config.onSuccessArn === undefined ? {} : { Destination: config.onSuccessArn },
      OnFailure: config.onFailureArn === undefined ? {} : { Destination: config.onFailureArn },
    },
  })
  const store = async (record: FunctionRecord, key: string, config: EventInvokeConfig | undefined): Promise<void> => {
    const { [key]: _, ...others } = record.eventInvoke
    const eventInvoke = config === undefined ? others : { ...others, [key]: config }
    const { asynchronous, ...spec } = record.spec
    const { modifiedMs: __, ...own } = config ?? { modifiedMs: 0 }
    const deadLetter = asynchronous?.deadLetterArn === undefined ? {} : { deadLetterArn: asynchronous.deadLetterArn }
    const changed = key === '$LATEST' ? { ...spec, asynchronous: { ...own, ...deadLetter } } : record.spec
    await context.functions.put({ ...touched(record), eventInvoke, spec: changed })
  }
  const put =
    (keep: boolean) =>
    async (call: LambdaCall): Promise<object> => {
      const record = recordIn(context, call)
      const key = keyIn(call)
      stateOf(context, record, key)
      const config = { ...(keep && record.eventInvoke[key]), ...configIn(call), modifiedMs: Date.now() }
      await store(record, key, config)
      return shown(record, key, config)
    }
  const find = (
    call: LambdaCall,
  ): { readonly record: FunctionRecord; readonly key: string; readonly config: EventInvokeConfig } => {
    const record = recordIn(context, call)
    const key = keyIn(call)
    const config = record.eventInvoke[key]
    if (config === undefined)
      throw notFound(`The function ${functionArn(context, record.name)}:${key} doesn't have an EventInvokeConfig`)
    return { record, key, config }
  }
  return [
    { method: 'PUT', path, status: 200, run: put(false) },
    { method: 'POST', path, status: 200, run: put(true) },
    {
      method: 'GET',
      path,
      status: 200,
      run: (call) => {
        const { record, key, config } = find(call)
        return shown(record, key, config)
      },
    },
    {
      method: 'GET',
      path: `${path}/list`,
      status: 200,
      run: (call) => {
        const record = recordIn(context, call)
        const all = Object.entries(record.eventInvoke)
        return { FunctionEventInvokeConfigs: all.map(([key, config]) => shown(record, key, config)) }
      },
    },
    {
      method: 'DELETE',
      path,
      status: 204,
      run: async (call) => {
        const { record, key } = find(call)
        await store(record, key, undefined)
        return undefined
      },
    },
  ]
}

function configIn({ input }: LambdaCall): Partial<EventInvokeConfig> {
  const [retries, age] = [numberIn(input, 'MaximumRetryAttempts'), numberIn(input, 'MaximumEventAgeInSeconds')]
  if (retries !== undefined && !(retries >= 0 && retries <= 2))
    throw invalidParameter('MaximumRetryAttempts must be from 0 to 2.')
  if (age !== undefined && !(age >= 60 && age <= 21_600))
    throw invalidParameter('MaximumEventAgeInSeconds must be from 60 to 21600.')
  const destinations = objectIn(input, 'DestinationConfig') ?? {}
  const arnOf = (name: string): string | undefined => {
    const one = destinations[name]
    return isJsonObject(one) ? textIn(one, 'Destination') : undefined
  }
  const [onSuccessArn, onFailureArn] = [arnOf('OnSuccess'), arnOf('OnFailure')]
  return {
    ...(retries !== undefined && { maximumRetryAttempts: retries }),
    ...(age !== undefined && { maximumEventAgeSeconds: age }),
    ...(onSuccessArn !== undefined && { onSuccessArn }),
    ...(onFailureArn !== undefined && { onFailureArn }),
  }
}

function tagRoutes(context: LambdaContext): readonly LambdaRoute[] {
  const path = '/2017-03-31/tags/:arn'
  const find = (call: LambdaCall): FunctionRecord =>
    recordIn(context, { ...call, params: { name: call.params['arn'] ?? '' } })
  const put = async (record: FunctionRecord, tags: Readonly<Record<string, string>>): Promise<undefined> => {
    await context.functions.put({ ...record, changed: true, spec: { ...record.spec, tags } })
    return undefined
  }
  return [
    { method: 'GET', path, status: 200, run: (call) => ({ Tags: find(call).spec.tags }) },
    {
      method: 'POST',
      path,
      status: 204,
      run: async (call) => {
        const record = find(call)
        return await put(record, { ...record.spec.tags, ...textsIn(call.input, 'Tags') })
      },
    },
    {
      method: 'DELETE',
      path,
      status: 204,
      run: async (call) => {
        const record = find(call)
        const keys: unknown = call.query['tagKeys']
        const gone = new Set(Array.isArray(keys) ? keys : [keys])
        return await put(record, Object.fromEntries(Object.entries(record.spec.tags).filter(([key]) => !gone.has(key))))
      },
    },
  ]
}

/** Kept and shown; they change nothing here. */
function keptRoutes(context: LambdaContext): readonly LambdaRoute[] {
  const runtime = '/2021-07-20/functions/:name/runtime-management-config'
  const recursion = '/2024-08-31/functions/:name/recursion-config'
  return [
    {
      method: 'GET',
      path: runtime,
      status: 200,
      run: (call) => {
        const record = recordIn(context, call)
        return { UpdateRuntimeOn: record.runtimeUpdate, FunctionArn: functionArn(context, record.name) }
      },
    },
    {
      method: 'PUT',
      path: runtime,
      status: 200,
      run: async (call) => {
        const record = recordIn(context, call)
        const runtimeUpdate = textIn(call.input, 'UpdateRuntimeOn') ?? 'Auto'
        await context.functions.put({ ...record, runtimeUpdate })
        return { UpdateRuntimeOn: runtimeUpdate, FunctionArn: functionArn(context, record.name) }
      },
    },
    {
      method: 'GET',
      path: recursion,
      status: 200,
      run: (call) => ({ RecursiveLoop: recordIn(context, call).recursiveLoop }),
    },
    {
      method: 'PUT',
      path: recursion,
      status: 200,
      run: async (call) => {
        const record = recordIn(context, call)
        const recursiveLoop = textIn(call.input, 'RecursiveLoop') ?? 'Terminate'
        await context.functions.put({ ...record, recursiveLoop })
        return { RecursiveLoop: recursiveLoop }
      },
    },
    {
      method: 'GET',
      path: '/2020-06-30/functions/:name/code-signing-config',
      status: 200,
      run: (call) => ({ CodeSigningConfigArn: '', FunctionName: recordIn(context, call).name }),
    },
  ]
}
