// Lambda's published versions, which never change, and aliases, which lead to one or share calls between two.
import type { JsonObject } from '../codec/json.ts'
import type { Alias, FunctionRecord } from '../control/functions/function-record.ts'
import { newRevision } from '../control/functions/functions.ts'
import { publishVersion } from '../control/functions/publish-version.ts'
import { objectIn, textIn } from './aws-input.ts'
import { functionConfiguration } from './function-configuration.ts'
import {
  checkRevision,
  conflict,
  functionArn,
  invalidParameter,
  notFound,
  recordIn,
  stateOf,
  type LambdaCall,
  type LambdaContext,
  type LambdaRoute,
} from './lambda-context.ts'
import { pageOf } from './page.ts'

const BASE = '/2015-03-31/functions/:name'

export function versionRoutes(context: LambdaContext): readonly LambdaRoute[] {
  const aliasIn = (call: LambdaCall): { readonly record: FunctionRecord; readonly alias: Alias } => {
    const record = recordIn(context, call)
    const name = call.params['alias'] ?? ''
    const alias = record.aliases.find((one) => one.name === name)
    if (alias === undefined) throw notFound(`Alias not found: ${functionArn(context, record.name)}:${name}`)
    return { record, alias }
  }
  const shown = (record: FunctionRecord, alias: Alias): object => ({
    AliasArn: `${functionArn(context, record.name)}:${alias.name}`,
    Name: alias.name,
    FunctionVersion: alias.version,
    Description: alias.description,
    ...(Object.keys(alias.weights).length > 0 && { RoutingConfig: { AdditionalVersionWeights: alias.weights } }),
    RevisionId: alias.revisionId,
  })
  const put = async (record: FunctionRecord, alias: Alias): Promise<object> => {
    const others = record.aliases.filter((one) => one.name !== alias.name)
    await context.functions.put({ ...record, aliases: [...others, alias] })
    return shown(record, alias)
  }
  return [
    {
      method: 'POST',
      path: `${BASE}/versions`,
      status: 201,
      run: async (call) => {
        const record = recordIn(context, call)
        checkRevision(textIn(call.input, 'RevisionId'), record.revisionId)
        const sha = textIn(call.input, 'CodeSha256')
        if (sha !== undefined && sha !== '' && sha !== record.codeSha256)
          throw invalidParameter(
            `CodeSHA256 (${sha}) is different from current CodeSHA256 in $LATEST (${record.codeSha256}). Please try again with the CodeSHA256 in $LATEST.`,
          )
        return functionConfiguration(
          await publishVersion(context.functions, record, textIn(call.input, 'Description') ?? ''),
          context,
        )
      },
    },
    {
      method: 'GET',
      path: `${BASE}/versions`,
      status: 200,
      run: (call) => {
        const record = recordIn(context, call)
        const all = [
          functionConfiguration(record, context, '$LATEST'),
          ...record.versions.map((one) => functionConfiguration(one, context)),
        ]
        const { items, next } = pageOf(all, pageIn(call))
        return { Versions: items, ...(next !== undefined && { NextMarker: next }) }
      },
    },
    {
      method: 'POST',
      path: `${BASE}/aliases`,
      status: 201,
      run: async ({ params, query, input }) => {
        const record = recordIn(context, { params, query, input })
        const name = textIn(input, 'Name') ?? ''
        if (!/^(?!^[0-9]+$)[a-zA-Z0-9-_]{1,128}$/.test(name))
          throw invalidParameter(
            `1 validation error detected: Value '${name}' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)`,
          )
        if (record.aliases.some((one) => one.name === name))
          throw conflict(`Alias already exists: ${functionArn(context, record.name)}:${name}`)
        const version = textIn(input, 'FunctionVersion') ?? ''
        stateOf(context, record, version)
        const alias = {
          name,
          version,
          description: textIn(input, 'Description') ?? '',
          weights: weightsIn(context, record, input) ?? {},
          revisionId: newRevision(),
        }
        return await put(record, alias)
      },
    },
    {
      method: 'GET',
      path: `${BASE}/aliases`,
      status: 200,
      run: (call) => {
        const record = recordIn(context, call)
        const wanted = call.query['FunctionVersion']
        const all = record.aliases.filter((one) => wanted === undefined || one.version === wanted)
        const { items, next } = pageOf(all, pageIn(call))
        return { Aliases: items.map((alias) => shown(record, alias)), ...(next !== undefined && { NextMarker: next }) }
      },
    },
    {
      method: 'GET',
      path: `${BASE}/aliases/:alias`,
      status: 200,
      run: (call) => {
        const { record, alias } = aliasIn(call)
        return shown(record, alias)
      },
    },
    {
      method: 'PUT',
      path: `${BASE}/aliases/:alias`,
      status: 200,
      run: async (call) => {
        const { record, alias } = aliasIn(call)
        const { input } = call
        checkRevision(textIn(input, 'RevisionId'), alias.revisionId)
        const version = textIn(input, 'FunctionVersion') ?? alias.version
        stateOf(context, record, version)
        return await put(record, {
          ...alias,
          version,
          description: textIn(input, 'Description') ?? alias.description,
          weights: weightsIn(context, record, input) ?? alias.weights,
          revisionId: newRevision(),
        })
      },
    },
    {
      method: 'DELETE',
      path: `${BASE}/aliases/:alias`,
      status: 204,
      run: async (call) => {
        const record = recordIn(context, call)
        await context.functions.put({
          ...record,
          aliases: record.aliases.filter((one) => one.name !== call.params['alias']),
        })
        return undefined
      },
    },
  ]
}

function weightsIn(
  context: LambdaContext,
  record: FunctionRecord,
  input: JsonObject,
): Readonly<Record<string, number>> | undefined {
  const routing = objectIn(input, 'RoutingConfig')
  if (routing === undefined) return undefined
  const weights = objectIn(routing, 'AdditionalVersionWeights') ?? {}
  const entries = Object.entries(weights)
  if (entries.length > 1)
    throw invalidParameter('The number of versions in the routing configuration must be at most 1.')
  for (const [version, weight] of entries) {
    stateOf(context, record, version)
    if (typeof weight !== 'number' || !(weight >= 0 && weight <= 1))
      throw invalidParameter('Invalid value for weight: it must be between 0.0 and 1.0.')
  }
  return weights as Readonly<Record<string, number>>
}

export function pageIn({ query }: LambdaCall): {
  readonly token: string | undefined
  readonly most: number
  readonly errorCode: string
} {
  return {
    token: query['Marker'],
    most: Number(query['MaxItems'] ?? 50) || 50,
    errorCode: 'InvalidParameterValueException',
  }
}
