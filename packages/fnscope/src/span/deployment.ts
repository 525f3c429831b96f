// Where a span's code was deployed: environment, version, account, region and function, whatever SDK said so. One rule
// for all makes; the store's columns are made by the same lists (store/deployment-sql.ts), and a test compares the two.
import { attributeText, type AttributeValue } from './attribute-value.ts'
import type { Span } from './span.ts'

/** '' for what nobody said. */
export interface Deployment {
  readonly environment: string
  readonly version: string
  readonly accountId: string
  readonly region: string
  readonly functionName: string
}

/** Keys of the resource, in the order in which they are believed, and one of the user's own (an annotation). */
export interface DeploymentKeys {
  readonly resource: readonly string[]
  readonly annotation?: string
}

/**
 * env and version of a Datadog agent come as resource attributes, and so do X-Ray's service.*. Few, because each costs
 * the store a look at every listed span.
 */
export const DEPLOYMENT_KEYS: Readonly<Record<'environment' | 'version' | 'region' | 'functionName', DeploymentKeys>> =
  {
    environment: { resource: ['deployment.environment.name', 'deployment.environment'], annotation: 'env' },
    version: { resource: ['service.version'] },
    region: { resource: ['cloud.region'] },
    functionName: { resource: ['faas.name'] },
  }

/** What of a span is looked at. */
export type DeployedSpan = Pick<Span, 'resource' | 'annotations' | 'accountId' | 'resourceArn' | 'origin' | 'service'>

export function deploymentOf(span: DeployedSpan): Deployment {
  const arn = (span.resourceArn ?? '').split(':')
  const ofLambda = (span.origin ?? '').startsWith('AWS::Lambda')
  return {
    environment: said(span, DEPLOYMENT_KEYS.environment),
    version: said(span, DEPLOYMENT_KEYS.version),
    accountId: span.accountId || (arn[4] ?? ''),
    region: said(span, DEPLOYMENT_KEYS.region) || (arn[3] ?? ''),
    functionName:
      said(span, DEPLOYMENT_KEYS.functionName) ||
      (arn[5] === 'function' ? (arn[6] ?? '') : '') ||
      (ofLambda ? span.service : ''),
  }
}

function said({ resource, annotations }: DeployedSpan, keys: DeploymentKeys): string {
  for (const key of keys.resource) {
    const text = textOf(resource[key])
    if (text !== '') return text
  }
  return keys.annotation === undefined ? '' : textOf(annotations[keys.annotation])
}

function textOf(value: AttributeValue | undefined): string {
  return value === undefined ? '' : attributeText(value)
}
