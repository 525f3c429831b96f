// Function URLs: SAM's FunctionUrlConfig, and AWS::Lambda::Url.
import type { FunctionUrlSpec } from '../functions/trigger-spec.ts'
import { corsOf } from './http-api.ts'
import { lowerId } from './physical-name.ts'
import { functionNameOf, resourcesOf, type TriggerContext } from './trigger-context.ts'
import { Properties } from './app-context.ts'
import type { ValueReader } from './value-reader.ts'

export function readFunctionUrls(context: TriggerContext): FunctionUrlSpec[] {
  const sam = context.functions.flatMap((spec) => {
    const properties = new Properties(context.app, spec.logicalId)
    if (properties.raw['FunctionUrlConfig'] === undefined) return []
    const alias = properties.text('AutoPublishAlias')
    const functionName = alias === undefined ? spec.name : `${spec.name}:${alias}`
    return [readUrl(context, `${spec.logicalId}Url`, functionName, properties.inner('FunctionUrlConfig'))]
  })
  const own = resourcesOf(context, 'AWS::Lambda::Url').map(([id, properties]) => {
    const qualifier = properties.text('Qualifier')
    const name = functionNameOf(properties.required('TargetFunctionArn'))
    return readUrl(context, id, qualifier === undefined ? name : `${name}:${qualifier}`, properties)
  })
  return [...sam, ...own]
}

function readUrl(context: TriggerContext, logicalId: string, functionName: string, url: ValueReader): FunctionUrlSpec {
  const { seed } = context.app
  return {
    logicalId,
    urlId: lowerId(seed, logicalId, 32),
    stack: seed.stack,
    functionName,
    authType: url.oneOf('AuthType', ['NONE', 'AWS_IAM']) ?? 'NONE',
    invokeMode: url.oneOf('InvokeMode', ['BUFFERED', 'RESPONSE_STREAM']) ?? 'BUFFERED',
    ...(url.raw['Cors'] === undefined ? {} : { cors: corsOf(url.inner('Cors')) }),
  }
}
