// AWS::Lambda::Function and what polls for one: the platform has them from the template already. Said here is what of them
// does not run; and a function that goes is forgotten, with its versions.
import type { Functions } from '../../functions/functions.ts'
import type { Made, ResourceMaker, WantedResource } from '../resource-maker.ts'
import { textOf } from './properties.ts'

const IMAGE =
  'Not emulated by fnscope: the function is a container image. It is listed in the stack and cannot be called.'
const NOT_POLLED = 'Not emulated by fnscope: accepted and listed, nothing is polled.'
const POLLED = /^arn:[^:]+:(sqs|kinesis|dynamodb):/

export function functionMaker(functions: Functions): ResourceMaker {
  const say = ({ properties }: WantedResource): Made =>
    textOf(properties, 'PackageType') === 'Image' ? { reason: IMAGE } : {}
  return { create: say, update: say, remove: ({ physicalId }) => functions.forget(physicalId) }
}

export const EVENT_SOURCE_MAKER: ResourceMaker = { create: polled, update: polled, remove: () => {} }

function polled({ properties }: WantedResource): Made {
  return POLLED.test(textOf(properties, 'EventSourceArn') ?? '') ? {} : { reason: NOT_POLLED }
}
