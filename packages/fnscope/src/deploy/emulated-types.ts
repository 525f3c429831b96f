// Which resource types do something here. All others are accepted and listed, and marked "not emulated".
import { STACK_TYPE } from './template-value.ts'
import { TRIGGER_TYPES } from './triggers.ts'

const EMULATED = new Set([
  'AWS::ApiGateway::Deployment',
  'AWS::ApiGateway::Method',
  'AWS::ApiGateway::Resource',
  'AWS::ApiGateway::RestApi',
  'AWS::ApiGateway::Stage',
  'AWS::ApiGatewayV2::Api',
  'AWS::ApiGatewayV2::Integration',
  'AWS::ApiGatewayV2::Route',
  'AWS::ApiGatewayV2::Stage',
  'AWS::CloudFormation::CustomResource',
  STACK_TYPE,
  'AWS::CloudFormation::WaitConditionHandle',
  'AWS::Events::Rule',
  'AWS::IAM::ManagedPolicy',
  'AWS::IAM::Policy',
  'AWS::IAM::Role',
  'AWS::Lambda::Alias',
  'AWS::Lambda::EventInvokeConfig',
  'AWS::Lambda::EventSourceMapping',
  'AWS::Lambda::Function',
  'AWS::Lambda::LayerVersion',
  'AWS::Lambda::Permission',
  'AWS::Lambda::Url',
  'AWS::Lambda::Version',
  'AWS::Logs::LogGroup',
  'AWS::Logs::MetricFilter',
  'AWS::Logs::SubscriptionFilter',
  'AWS::S3::Bucket',
  'AWS::SSM::Parameter',
  'AWS::Scheduler::Schedule',
])

/** They are of no consequence anywhere: a notice would be noise. */
const SILENT = new Set([
  'AWS::CDK::Metadata',
  'AWS::IAM::InstanceProfile',
  'AWS::S3::BucketPolicy',
  // become others, which are asked about by themselves
  'AWS::Serverless::Application',
  'AWS::Serverless::Connector',
  'AWS::Serverless::Function',
  'AWS::Serverless::LayerVersion',
])

export function isEmulated(type: string): boolean {
  return EMULATED.has(type) || isCustom(type)
}

export function isSilent(type: string): boolean {
  return SILENT.has(type) || TRIGGER_TYPES.has(type) || isEmulated(type)
}

/** Made and unmade by a function of the user's: `Custom::Anything`. */
export function isCustom(type: string): boolean {
  return type.startsWith('Custom::') || type === 'AWS::CloudFormation::CustomResource'
}
