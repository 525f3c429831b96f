// AWS::Lambda::Version and AWS::Lambda::Alias: what PublishVersion and CreateAlias would make of the stack's function, so
// that `aws lambda` and the CDK's hotswap find them.
import { isMap, spell, type TemplateMap } from '../../../deploy/template-value.ts'
import { newRevision, type Functions } from '../../functions/functions.ts'
import type { FunctionRecord } from '../../functions/function-record.ts'
import { publishVersion } from '../../functions/publish-version.ts'
import type { Made, ResourceMaker, WantedResource } from '../resource-maker.ts'
import { listOf, textOf } from './properties.ts'

export function versionMaker(functions: Functions): ResourceMaker {
  return {
    async create({ physicalId, properties }) {
      const record = recordOf(functions, properties)
      // Of a function that does not run here.
      if (record === undefined) return {}
      const { spec } = await publishVersion(functions, record, textOf(properties, 'Description') ?? '')
      return made(physicalId.replace(/:[^:]*$/, `:${spec.version}`))
    },
    update: (_, { physicalId }) => made(physicalId),
    async remove({ physicalId, properties }) {
      const record = recordOf(functions, properties)
      const version = physicalId.slice(physicalId.lastIndexOf(':') + 1)
      if (record === undefined || record.aliases.some((alias) => alias.version === version)) return
      await functions.put({ ...record, versions: record.versions.filter(({ spec }) => spec.version !== version) })
    },
  }
}

export function aliasMaker(functions: Functions): ResourceMaker {
  const without = (record: FunctionRecord, name: string): FunctionRecord['aliases'] =>
    record.aliases.filter((one) => one.name !== name)
  const put = async ({ properties }: WantedResource): Promise<Made> => {
    const record = recordOf(functions, properties)
    if (record === undefined) return {}
    const alias = {
      name: textOf(properties, 'Name') ?? '',
      version: textOf(properties, 'FunctionVersion') ?? '',
      description: textOf(properties, 'Description') ?? '',
      weights: weightsOf(properties),
      revisionId: newRevision(),
    }
    await functions.put({ ...record, aliases: [...without(record, alias.name), alias] })
    return {}
  }
  return {
    create: put,
    update: put,
    async remove({ properties }) {
      const record = recordOf(functions, properties)
      if (record === undefined) return
      await functions.put({ ...record, aliases: without(record, textOf(properties, 'Name') ?? '') })
    },
  }
}

function made(arn: string): Made {
  return { physicalId: arn, attributes: { Version: arn.slice(arn.lastIndexOf(':') + 1), FunctionArn: arn } }
}

function recordOf(functions: Functions, properties: TemplateMap): FunctionRecord | undefined {
  return functions.find(textOf(properties, 'FunctionName') ?? '')
}

/** RoutingConfig, in the form that templates have. */
function weightsOf(properties: TemplateMap): Readonly<Record<string, number>> {
  const routing = properties['RoutingConfig']
  if (!isMap(routing)) return {}
  return Object.fromEntries(
    listOf(routing, 'AdditionalVersionWeights')
      .filter(isMap)
      .map((one) => [spell(one['FunctionVersion']), Number(one['FunctionWeight'])]),
  )
}
