// Lambda's function URLs and event source mappings, over the registry that fronts and pollers follow: those of stacks are
// shown too, those made here come back after a restart.
import { randomUUID } from 'node:crypto'
import type { JsonObject } from '../codec/json.ts'
import type { EventSource, FunctionRecord, FunctionUrl } from '../control/functions/function-record.ts'
import {
  eventSourceFault,
  type EventSourceSpec,
  type FunctionUrlSpec,
  type HttpCorsSpec,
} from '../functions/trigger-spec.ts'
import { booleanIn, listIn, numberIn, objectIn, objectsIn, textIn } from './aws-input.ts'
import {
  conflict,
  functionArn,
  invalidParameter,
  namedIn,
  notFound,
  recordIn,
  stateOf,
  type LambdaCall,
  type LambdaContext,
  type LambdaRoute,
} from './lambda-context.ts'
import { pageIn } from './lambda-versions.ts'
import { pageOf } from './page.ts'

const SOURCES = ['sqs', 'dynamodb', 'kinesis'] as const

export function triggerRoutes(context: LambdaContext): readonly LambdaRoute[] {
  return [...urlRoutes(context), ...sourceRoutes(context)]
}

/** What earlier runs made over the API. */
export function restoreTriggers({ functions, triggers }: Pick<LambdaContext, 'functions' | 'triggers'>): void {
  for (const { spec } of functions.eventSources()) triggers.putEventSource(spec)
  for (const { urls } of functions.all()) for (const { spec } of Object.values(urls)) triggers.putFunctionUrl(spec)
}

function urlRoutes(context: LambdaContext): readonly LambdaRoute[] {
  const path = '/2021-10-31/functions/:name/url'
  const { functions, triggers } = context
  const find = (
    call: LambdaCall,
  ): { readonly record: FunctionRecord; readonly key: string; readonly url: FunctionUrl } => {
    const record = recordIn(context, call)
    const { qualifier = '' } = namedIn(call)
    const own = record.urls[qualifier]
    const spec = triggers.all('functionUrls').find((one) => isFor(one, record.name, qualifier))
    if (own === undefined && spec === undefined) throw notFound('The resource you requested does not exist.')
    const modifiedMs = record.modifiedMs
    return { record, key: qualifier, url: own ?? { spec: spec!, createdMs: modifiedMs, modifiedMs } }
  }
  const shown = (
    { name }: FunctionRecord,
    key: string,
    { spec, cors, createdMs, modifiedMs }: FunctionUrl,
  ): object => ({
    FunctionUrl: `${triggers.urlOf(spec.urlId) ?? `https://${spec.urlId}.lambda-url.${context.region}.on.aws`}/`,
    FunctionArn: `${functionArn(context, name)}${key === '' ? '' : `:${key}`}`,
    AuthType: spec.authType,
    ...(cors !== undefined && { Cors: cors }),
    CreationTime: new Date(createdMs).toISOString(),
    LastModifiedTime: new Date(modifiedMs).toISOString(),
    InvokeMode: spec.invokeMode,
  })
  const put = async (record: FunctionRecord, key: string, url: FunctionUrl): Promise<object> => {
    await functions.put({ ...record, urls: { ...record.urls, [key]: url } })
    triggers.putFunctionUrl(url.spec)
    await context.settled()
    return shown(record, key, url)
  }
  return [
    {
      method: 'POST',
      path,
      status: 201,
      run: async (call) => {
        const record = recordIn(context, call)
        const { qualifier = '' } = namedIn(call)
        stateOf(context, record, qualifier === '' ? undefined : qualifier)
        const there = triggers.all('functionUrls').some((one) => isFor(one, record.name, qualifier))
        if (there)
          throw conflict(
            `Failed to create function url config for [functionArn = ${functionArn(context, record.name)}]. Error message:  FunctionUrlConfig exists for this Lambda function`,
          )
        const now = Date.now()
        const cors = objectIn(call.input, 'Cors')
        const spec: FunctionUrlSpec = {
          logicalId: record.name,
          urlId: randomUUID().replaceAll('-', ''),
          stack: '',
          functionName: qualifier === '' ? record.name : `${record.name}:${qualifier}`,
          ...modesIn(call.input, { authType: undefined, invokeMode: 'BUFFERED' }),
          ...(cors !== undefined && { cors: corsOf(cors) }),
        }
        return await put(record, qualifier, {
          spec,
          createdMs: now,
          modifiedMs: now,
          ...(cors !== undefined && { cors }),
        })
      },
    },
    {
      method: 'GET',
      path,
      status: 200,
      run: (call) => {
        const { record, key, url } = find(call)
        return shown(record, key, url)
      },
    },
    {
      method: 'GET',
      path: `${path}s`,
      status: 200,
      run: (call) => {
        const { name } = recordIn(context, call)
        const all = triggers.all('functionUrls').filter((one) => isFor(one, name, undefined))
        return {
          FunctionUrlConfigs: all.map((spec) => {
            const qualifier = spec.functionName.split(':').at(-1)!
            const key = qualifier === name ? '' : qualifier
            const found = find({ ...call, params: { name }, query: key === '' ? {} : { Qualifier: key } })
            return shown(found.record, key, found.url)
          }),
        }
      },
    },
    {
      method: 'PUT',
      path,
      status: 200,
      run: async (call) => {
        const { record, key, url } = find(call)
        const cors = objectIn(call.input, 'Cors')
        const spec = {
          ...url.spec,
          ...modesIn(call.input, url.spec),
          ...(cors !== undefined && { cors: corsOf(cors) }),
        }
        return await put(record, key, { ...url, spec, modifiedMs: Date.now(), ...(cors !== undefined && { cors }) })
      },
    },
    {
      method: 'DELETE',
      path,
      status: 204,
      run: async (call) => {
        const { record, key, url } = find(call)
        triggers.removeFunctionUrl(url.spec.functionName)
        const { [key]: _, ...urls } = record.urls
        await functions.put({ ...record, urls })
        return undefined
      },
    },
  ]
}

/** @param qualifier '' for none, undefined for any */
function isFor({ functionName }: FunctionUrlSpec, name: string, qualifier: string | undefined): boolean {
  const plain = functionName.replace(/^arn:[\w-]+:lambda:[\w-]*:\d*:function:/, '')
  if (qualifier === undefined) return plain === name || plain.startsWith(`${name}:`)
  return plain === (qualifier === '' ? name : `${name}:${qualifier}`)
}

function modesIn(
  input: JsonObject,
  before: {
    readonly authType: FunctionUrlSpec['authType'] | undefined
    readonly invokeMode: FunctionUrlSpec['invokeMode']
  },
): Pick<FunctionUrlSpec, 'authType' | 'invokeMode'> {
  const [authType, invokeMode] = [
    textIn(input, 'AuthType') ?? before.authType,
    textIn(input, 'InvokeMode') ?? before.invokeMode,
  ]
  if (authType !== 'NONE' && authType !== 'AWS_IAM')
    throw invalidParameter(
      `1 validation error detected: Value '${authType ?? ''}' at 'authType' failed to satisfy constraint: Member must satisfy enum value set: [NONE, AWS_IAM]`,
    )
  if (invokeMode !== 'BUFFERED' && invokeMode !== 'RESPONSE_STREAM')
    throw invalidParameter(
      `1 validation error detected: Value '${invokeMode}' at 'invokeMode' failed to satisfy constraint: Member must satisfy enum value set: [BUFFERED, RESPONSE_STREAM]`,
    )
  return { authType, invokeMode }
}

function corsOf(cors: JsonObject): HttpCorsSpec {
  const list = (name: string): readonly string[] => (listIn(cors, name) ?? []).filter((one) => typeof one === 'string')
  const maxAgeSeconds = numberIn(cors, 'MaxAge')
  return {
    allowOrigins: list('AllowOrigins'),
    allowMethods: list('AllowMethods'),
    allowHeaders: list('AllowHeaders'),
    exposeHeaders: list('ExposeHeaders'),
    allowCredentials: booleanIn(cors, 'AllowCredentials') ?? false,
    ...(maxAgeSeconds !== undefined && { maxAgeSeconds }),
  }
}

function sourceRoutes(context: LambdaContext): readonly LambdaRoute[] {
  const path = '/2015-03-31/event-source-mappings'
  const { functions, triggers } = context
  const arnOf = (name: string): string => (name.startsWith('arn:') ? name : functionArn(context, name))
  const shown = (spec: EventSourceSpec, modifiedMs: number): object => ({
    UUID: spec.uuid,
    ...(spec.startingPosition !== undefined && { StartingPosition: spec.startingPosition }),
    BatchSize: spec.batchSize,
    MaximumBatchingWindowInSeconds: spec.windowSeconds,
    EventSourceArn: spec.arn,
    FunctionArn: arnOf(spec.functionName),
    LastModified: modifiedMs / 1000,
    State: spec.enabled ? 'Enabled' : 'Disabled',
    StateTransitionReason: 'USER_INITIATED',
    FunctionResponseTypes: spec.partialFailures ? ['ReportBatchItemFailures'] : [],
    ...(spec.filters.length > 0 && { FilterCriteria: { Filters: spec.filters.map((Pattern) => ({ Pattern })) } }),
    ...(spec.maximumConcurrency !== undefined && { ScalingConfig: { MaximumConcurrency: spec.maximumConcurrency } }),
    ...(spec.maximumRetryAttempts !== undefined && { MaximumRetryAttempts: spec.maximumRetryAttempts }),
    ...(spec.maximumRecordAgeSeconds !== undefined && { MaximumRecordAgeInSeconds: spec.maximumRecordAgeSeconds }),
    ...(spec.bisectOnError !== undefined && { BisectBatchOnFunctionError: spec.bisectOnError }),
    ...(spec.parallelizationFactor !== undefined && { ParallelizationFactor: spec.parallelizationFactor }),
    ...(spec.onFailureArn !== undefined && { DestinationConfig: { OnFailure: { Destination: spec.onFailureArn } } }),
  })
  const modifiedOf = (uuid: string): number =>
    functions.eventSources().find(({ spec }) => spec.uuid === uuid)?.modifiedMs ?? 0
  const find = (call: LambdaCall): EventSourceSpec => {
    const spec = triggers.all('eventSources').find(({ uuid }) => uuid === call.params['uuid'])
    if (spec === undefined) throw notFound('The resource you requested does not exist.')
    return spec
  }
  const put = (spec: EventSourceSpec): EventSource => {
    const source = { spec, modifiedMs: Date.now() }
    functions.putEventSources([...functions.eventSources().filter((one) => one.spec.uuid !== spec.uuid), source])
    triggers.putEventSource(spec)
    return source
  }
  return [
    {
      method: 'POST',
      path,
      status: 202,
      run: ({ input, ...call }) => {
        const name = textIn(input, 'FunctionName') ?? ''
        const record = recordIn(context, { ...call, input, params: { name } })
        const arn = textIn(input, 'EventSourceArn') ?? ''
        const source = SOURCES.find((one) => one === arn.split(':')[2])
        if (source === undefined)
          throw invalidParameter(
            `Unrecognized event source: ${arn}. fnscope polls queues of SQS and streams of DynamoDB and Kinesis.`,
          )
        if (triggers.all('eventSources').some((one) => one.arn === arn && one.functionName.includes(record.name)))
          throw conflict(
            `An event source mapping with ${source.toUpperCase()} arn (" ${arn} ") and function (" ${record.name} ") already exists. Please update or delete the existing mapping with UUID.`,
          )
        const position = textIn(input, 'StartingPosition')
        const timestamp = input['StartingPositionTimestamp']
        const base: EventSourceSpec = {
          uuid: randomUUID(),
          stack: '',
          functionName: name.includes(':') ? arnOf(name) : record.name,
          source,
          arn,
          enabled: booleanIn(input, 'Enabled') ?? true,
          batchSize: source === 'sqs' ? 10 : 100,
          windowSeconds: 0,
          partialFailures: false,
          filters: [],
          ...(position === 'TRIM_HORIZON' || position === 'LATEST' || position === 'AT_TIMESTAMP'
            ? { startingPosition: position }
            : {}),
          ...(typeof timestamp === 'number' ? { startingTimestampMs: timestamp * 1000 } : {}),
        }
        const made = put(checked({ ...base, ...changesIn(input) }))
        return { ...shown(made.spec, made.modifiedMs), State: 'Creating' }
      },
    },
    {
      method: 'GET',
      path,
      status: 200,
      run: (call) => {
        const [arn, name] = [call.query['EventSourceArn'], call.query['FunctionName']]
        const plain = name?.replace(/^.*:function:/, '')
        const all = triggers
          .all('eventSources')
          .filter((one) => arn === undefined || one.arn === arn)
          .filter((one) => plain === undefined || one.functionName.replace(/^.*:function:/, '') === plain)
        const { items, next } = pageOf(all, pageIn(call))
        return {
          EventSourceMappings: items.map((spec) => shown(spec, modifiedOf(spec.uuid))),
          ...(next !== undefined && { NextMarker: next }),
        }
      },
    },
    {
      method: 'GET',
      path: `${path}/:uuid`,
      status: 200,
      run: (call) => shown(find(call), modifiedOf(call.params['uuid'] ?? '')),
    },
    {
      method: 'PUT',
      path: `${path}/:uuid`,
      status: 202,
      run: (call) => {
        const { spec, modifiedMs } = put(checked({ ...find(call), ...changesIn(call.input) }))
        return { ...shown(spec, modifiedMs), State: 'Updating' }
      },
    },
    {
      method: 'DELETE',
      path: `${path}/:uuid`,
      status: 202,
      run: (call) => {
        const spec = find(call)
        functions.putEventSources(functions.eventSources().filter((one) => one.spec.uuid !== spec.uuid))
        triggers.removeEventSource(spec.uuid)
        return { ...shown(spec, Date.now()), State: 'Deleting' }
      },
    },
  ]
}

function checked(spec: EventSourceSpec): EventSourceSpec {
  const fault = eventSourceFault(spec)
  if (fault !== undefined) throw invalidParameter(fault)
  return spec
}

/** What a request says of a mapping that may change later. */
function changesIn(input: JsonObject): Partial<EventSourceSpec> {
  const types = listIn(input, 'FunctionResponseTypes')
  const criteria = objectIn(input, 'FilterCriteria')
  const scaling = objectIn(input, 'ScalingConfig')
  const onFailure = objectIn(objectIn(input, 'DestinationConfig') ?? {}, 'OnFailure')
  const age = numberIn(input, 'MaximumRecordAgeInSeconds')
  if ((numberIn(input, 'TumblingWindowInSeconds') ?? 0) > 0)
    throw invalidParameter('TumblingWindowInSeconds is not emulated by fnscope.')
  const changes = {
    enabled: booleanIn(input, 'Enabled'),
    batchSize: numberIn(input, 'BatchSize'),
    windowSeconds: numberIn(input, 'MaximumBatchingWindowInSeconds'),
    partialFailures: types?.includes('ReportBatchItemFailures'),
    filters: criteria && (objectsIn(criteria, 'Filters') ?? []).map((one) => textIn(one, 'Pattern') ?? ''),
    maximumConcurrency: scaling && numberIn(scaling, 'MaximumConcurrency'),
    maximumRetryAttempts: numberIn(input, 'MaximumRetryAttempts'),
    maximumRecordAgeSeconds: age === -1 ? undefined : age,
    bisectOnError: booleanIn(input, 'BisectBatchOnFunctionError'),
    parallelizationFactor: numberIn(input, 'ParallelizationFactor'),
    onFailureArn: onFailure && textIn(onFailure, 'Destination'),
  }
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined))
}
