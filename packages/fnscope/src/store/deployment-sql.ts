// span/deployment.ts and span/request-id.ts as SQL over a row of `spans`: what the schema's aliases and the columns of `roots` are made of. What
// looks at a dictionary's column alone is worked out once a word.
import { DEPLOYMENT_KEYS, type DeploymentKeys } from '../span/deployment.ts'

const ARN = "splitByChar(':', resource_arn)"

/** span/request-id.ts. */
const REQUEST = `multiIf(request_id != '', request_id,
    attributes['faas.invocation_id'] != '', attributes['faas.invocation_id'],
    attributes['faas.execution'] != '', attributes['faas.execution'],
    bitTest(flags, 4) AND startsWith(origin, 'AWS::Lambda'),
      if(attributes['aws.request_id'] != '', attributes['aws.request_id'], attributes['aws.requestId']), '')`

/** Template values of the schema: an expression a field. */
export function deploymentExpressions(): Readonly<Record<string, string>> {
  const { environment, version, region, functionName } = DEPLOYMENT_KEYS
  return {
    environment_of: firstOf(textsOf(environment)),
    version_of: firstOf(textsOf(version)),
    account_of: firstOf(['account_id', `${ARN}[5]`]),
    region_of: firstOf([...textsOf(region), `${ARN}[4]`]),
    function_of: firstOf([
      ...textsOf(functionName),
      `if(${ARN}[6] = 'function', ${ARN}[7], '')`,
      "if(startsWith(origin, 'AWS::Lambda'), toString(service), '')",
    ]),
    request_of: REQUEST,
  }
}

function textsOf({ resource, annotation }: DeploymentKeys): string[] {
  return [
    ...resource.map((key) => `JSONExtractString(resource, '${key}')`),
    ...(annotation === undefined ? [] : [`annotations['${annotation}']`]),
  ]
}

/** The first text that is not empty. */
function firstOf(texts: readonly string[]): string {
  const last = texts.at(-1)!
  const others = texts.slice(0, -1)
  if (others.length === 0) return `toString(${last})`
  return `multiIf(${others.map((text) => `${text} != '', toString(${text})`).join(', ')}, toString(${last}))`
}
