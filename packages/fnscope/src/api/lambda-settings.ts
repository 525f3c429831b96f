// What else is set of a function, its permissions, concurrency and retries among it: tags, and what is kept and shown alone.
import type { FunctionRecord } from '../control/functions/function-record.ts'
import { textIn, textsIn } from './aws-input.ts'
import { concurrencyRoutes } from './lambda-concurrency.ts'
import { functionArn, recordIn, type LambdaCall, type LambdaContext, type LambdaRoute } from './lambda-context.ts'
import { eventInvokeRoutes } from './lambda-event-invoke.ts'
import { accountSettings } from './lambda-functions.ts'
import { permissionRoutes } from './lambda-permissions.ts'

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
