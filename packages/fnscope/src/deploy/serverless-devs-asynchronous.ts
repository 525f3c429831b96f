// How a function of s.yaml has its asynchronous calls tried and told of: asyncInvokeConfig of edition 3, asyncConfiguration
// of the older one, which spells its destinations as texts.
import type { AsynchronousSpec } from '../functions/function-spec.ts'
import type { FcContext, FcSettings } from './serverless-devs-function.ts'
import { isMap, mapAt, spell } from './template-value.ts'
import { integerOf } from './value-reader.ts'

const FUNCTION_ARN = /^acs:fc:.*[:/]functions\/[^/]/
/** A day. */
const DEFAULT_AGE_SECONDS = 86_400
const MOST_AGE_SECONDS = 2_592_000
const DEFAULT_RETRIES = 3
const MOST_RETRIES = 8

/** @throws FnscopeError FNS_TEMPLATE_INVALID */
export function readFcAsynchronous(settings: FcSettings, context: FcContext): AsynchronousSpec {
  const newer = settings.edition === '3'
  const key = newer ? 'asyncInvokeConfig' : 'asyncConfiguration'
  const place = `${context.file}: ${settings.place}.${key}`
  const config = mapAt(settings.function[key], place)
  const integer = (name: string, least: number, most: number, otherwise: number): number =>
    config[name] === undefined || config[name] === null
      ? otherwise
      : integerOf(config[name], `${place}.${name}`, least, most)
  const group = newer ? 'destinationConfig' : 'destination'
  const destinations = mapAt(config[group], `${place}.${group}`)
  const destination = (name: string): string | undefined => {
    const said = destinations[name]
    const arn = spell(isMap(said) ? said['destination'] : said)
    if (arn === '' || arn === 'null') return undefined
    if (FUNCTION_ARN.test(arn)) return arn
    context.notice(
      `${settings.id}: ${key}'s ${name} (${arn}) is no function: queues, topics and buses of Alibaba Cloud are not emulated, and nothing is sent there.`,
    )
    return undefined
  }
  const onSuccessArn = destination('onSuccess')
  const onFailureArn = destination('onFailure')
  return {
    maximumRetryAttempts: integer('maxAsyncRetryAttempts', 0, MOST_RETRIES, DEFAULT_RETRIES),
    maximumEventAgeSeconds: integer('maxAsyncEventAgeInSeconds', 1, MOST_AGE_SECONDS, DEFAULT_AGE_SECONDS),
    ...(onSuccessArn === undefined ? {} : { onSuccessArn }),
    ...(onFailureArn === undefined ? {} : { onFailureArn }),
  }
}
