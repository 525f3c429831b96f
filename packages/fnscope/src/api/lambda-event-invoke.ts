// How often and how long events of a function are tried, and where they go then.
import { isJsonObject } from '../codec/json.ts'
import type { EventInvokeConfig, FunctionRecord } from '../control/functions/function-record.ts'
import { numberIn, objectIn, textIn } from './aws-input.ts'
import {
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
import { touched } from './lambda-functions.ts'

export function eventInvokeRoutes(context: LambdaContext): readonly LambdaRoute[] {
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
