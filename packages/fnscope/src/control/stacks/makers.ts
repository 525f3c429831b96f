// Which maker makes which type of resource.
import { CLOUD_RESOURCE_TYPES } from '../../deploy/cloud-resources.ts'
import type { Buckets } from '../buckets.ts'
import type { CodeStore } from '../code-store.ts'
import type { Functions } from '../functions/functions.ts'
import type { MadeElsewhere } from '../made-elsewhere.ts'
import type { Parameters } from '../parameters.ts'
import type { Repositories } from '../repositories.ts'
import type { Roles } from '../roles.ts'
import { bucketMaker, bucketPolicyMaker } from './makers/bucket.ts'
import { emptyBucketMaker, logRetentionMaker, type SetRetention } from './makers/cdk-own.ts'
import type { CustomResources } from './makers/custom.ts'
import { elsewhereMaker } from './makers/elsewhere.ts'
import { EVENT_SOURCE_MAKER, functionMaker } from './makers/function.ts'
import { aliasMaker, versionMaker } from './makers/function-version.ts'
import { layerVersionMaker } from './makers/layer-version.ts'
import { logGroupMaker } from './makers/log-group.ts'
import { parameterMaker } from './makers/parameter.ts'
import { repositoryMaker } from './makers/repository.ts'
import { inlinePolicyMaker, managedPolicyMaker, roleMaker } from './makers/role.ts'
import { FUNCTION_VERSION_TYPE, LAYER_VERSION_TYPE } from './resource-records.ts'
import { NOTHING_TO_DO, NOT_EMULATED, type ResourceMaker } from './resource-maker.ts'

export interface MakersOptions {
  readonly buckets: Buckets
  readonly code: CodeStore
  readonly functions: Functions
  readonly parameters: Parameters
  readonly roles: Roles
  readonly repositories: Repositories
  readonly custom: CustomResources
  /** Undefined while fnscope starts. */
  readonly elsewhere: () => MadeElsewhere | undefined
  readonly setRetention: SetRetention
  readonly region: string
  readonly accountId: string
}

/** Of no consequence here, whatever they say. */
const SILENT = new Set([
  'AWS::CDK::Metadata',
  'AWS::ApiGateway::Account',
  'AWS::ApiGateway::UsagePlan',
  'AWS::KMS::Alias',
])

/** The platform has them made by the cloud that calls are passed on to, with the functions that they call. */
const FROM_CLOUD: ReadonlySet<string> = new Set(CLOUD_RESOURCE_TYPES)

/** Types that are made here, and so by no other cloud. */
export const MADE_HERE: ReadonlySet<string> = new Set(['AWS::S3::Bucket', 'AWS::SSM::Parameter'])

export function resourceMakers(options: MakersOptions): (type: string, emulated: boolean) => ResourceMaker {
  const { buckets, roles } = options
  const elsewhere = elsewhereMaker(options.elsewhere)
  const makers: Readonly<Record<string, ResourceMaker>> = {
    'AWS::ECR::Repository': repositoryMaker(options.repositories),
    'AWS::IAM::ManagedPolicy': managedPolicyMaker(roles),
    'AWS::IAM::Policy': inlinePolicyMaker(roles),
    'AWS::IAM::RolePolicy': inlinePolicyMaker(roles),
    'AWS::IAM::Role': roleMaker(roles, options.accountId),
    'AWS::Lambda::Alias': aliasMaker(options.functions),
    'AWS::Lambda::EventSourceMapping': EVENT_SOURCE_MAKER,
    'AWS::Lambda::Function': functionMaker(options.functions),
    [LAYER_VERSION_TYPE]: layerVersionMaker(options),
    [FUNCTION_VERSION_TYPE]: versionMaker(options.functions),
    'AWS::Logs::LogGroup': logGroupMaker(options.setRetention),
    'AWS::S3::Bucket': bucketMaker(buckets, options.region),
    'AWS::S3::BucketPolicy': bucketPolicyMaker(buckets),
    'AWS::SSM::Parameter': parameterMaker(options.parameters),
    'Custom::LogRetention': logRetentionMaker(options.setRetention),
    'Custom::S3AutoDeleteObjects': emptyBucketMaker(buckets),
  }
  return (type, emulated) => {
    const own = makers[type]
    if (own !== undefined) return own
    if (FROM_CLOUD.has(type)) return elsewhere
    if (type.startsWith('Custom::') || type === 'AWS::CloudFormation::CustomResource') return options.custom.maker
    return emulated || SILENT.has(type) ? NOTHING_TO_DO : NOT_EMULATED
  }
}
