// What a span's columns take from its resource. Of every make: attributes by name in, nothing of a wire.
import type { AttributeValue } from '../span/attribute-value.ts'

export interface ResourceMeaning {
  /** service.name, or what is better than its absence. */
  readonly service: string
  /** X-Ray's origin of a segment that runs there; '' when the resource does not say where it runs. */
  readonly origin: string
  readonly accountId: string
  readonly arn: string
}

/** OpenTelemetry's own word for "nobody has said". */
const UNKNOWN_SERVICE = 'unknown_service'

const ORIGINS: ReadonlyMap<string, string> = new Map([
  ['aws_lambda', 'AWS::Lambda::Function'],
  ['aws_ec2', 'AWS::EC2::Instance'],
  ['aws_ecs', 'AWS::ECS::Container'],
  ['aws_eks', 'AWS::EKS::Container'],
  ['aws_elastic_beanstalk', 'AWS::ElasticBeanstalk::Environment'],
  ['aws_app_runner', 'AWS::AppRunner::Service'],
  ['alibaba_cloud_fc', 'ALIYUN::FC::Function'],
  ['alibaba_cloud_ecs', 'ALIYUN::ECS::Instance'],
])

const LAUNCH_ORIGINS: ReadonlyMap<string, string> = new Map([
  ['ec2', 'AWS::ECS::EC2'],
  ['fargate', 'AWS::ECS::Fargate'],
])

/** @param attributes by their names; of a name that comes twice, the last */
export function resourceMeaning(attributes: ReadonlyMap<string, AttributeValue>): ResourceMeaning {
  const text = (key: string): string => {
    const value = attributes.get(key)
    return typeof value === 'string' ? value : ''
  }
  return {
    service: serviceOf(text),
    origin: originOf(text),
    accountId: text('cloud.account.id'),
    arn: text('cloud.resource_id') || text('faas.id'),
  }
}

// An SDK that was not told sends unknown_service or unknown_service:python; a function has a better name then.
function serviceOf(text: (key: string) => string): string {
  const sent = text('service.name')
  if (sent !== '' && !sent.startsWith(UNKNOWN_SERVICE)) return sent
  return text('aws.local.service') || text('faas.name') || sent || UNKNOWN_SERVICE
}

function originOf(text: (key: string) => string): string {
  const platform = text('cloud.platform')
  const launched = platform === 'aws_ecs' ? LAUNCH_ORIGINS.get(text('aws.ecs.launchtype').toLowerCase()) : undefined
  return launched ?? ORIGINS.get(platform) ?? ''
}
