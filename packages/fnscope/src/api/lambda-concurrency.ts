// How many invocations of a function may run at the same time, and how many environments are made ready beforehand.
import type { FunctionRecord } from '../control/functions/function-record.ts'
import type { FunctionSpec } from '../functions/function-spec.ts'
import { numberIn } from './aws-input.ts'
import {
  functionArn,
  invalidParameter,
  namedIn,
  recordIn,
  stateOf,
  timeText,
  type LambdaCall,
  type LambdaContext,
  type LambdaRoute,
} from './lambda-context.ts'
import { reservedOf, touched } from './lambda-functions.ts'
import { ServiceError } from './service-error.ts'

export function concurrencyRoutes(context: LambdaContext): readonly LambdaRoute[] {
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
