// AWS::SSM::Parameter.
import type { Parameters, ParameterType } from '../../parameters.ts'
import type { ResourceMaker, WantedResource } from '../resource-maker.ts'
import { isNamed, tagsOf, textOf } from './properties.ts'

export function parameterMaker(parameters: Parameters): ResourceMaker {
  const put = ({ physicalId, properties }: WantedResource): void => {
    const type = textOf(properties, 'Type') ?? 'String'
    if (type !== 'String' && type !== 'StringList') throw new Error(`#: Type ${type} is not supported`)
    const description = textOf(properties, 'Description')
    parameters.put(
      physicalId,
      {
        value: textOf(properties, 'Value') ?? '',
        type: type satisfies ParameterType,
        modifiedMs: Date.now(),
        tier: textOf(properties, 'Tier') ?? 'Standard',
        dataType: textOf(properties, 'DataType') ?? 'text',
        ...(description !== undefined && { description }),
      },
      tagsOf(properties),
    )
  }
  return {
    create: (wanted) => {
      if (isNamed(wanted) && parameters.find(wanted.physicalId) !== undefined)
        throw new Error(`${wanted.physicalId} already exists.`)
      put(wanted)
      return {}
    },
    update: (wanted, before) => {
      put({ ...wanted, physicalId: before.physicalId })
      return {}
    },
    remove: ({ physicalId }) => void parameters.remove(physicalId),
  }
}
