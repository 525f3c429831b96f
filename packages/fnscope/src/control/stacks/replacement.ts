// Which changes replace a resource instead of updating it: the properties that name or shape the thing for good.

const REPLACING: Readonly<Record<string, readonly string[]>> = {
  'AWS::ApiGateway::Deployment': ['RestApiId'],
  'AWS::ApiGateway::Method': ['HttpMethod', 'ResourceId', 'RestApiId'],
  'AWS::ApiGateway::Resource': ['ParentId', 'PathPart', 'RestApiId'],
  'AWS::ApiGateway::Stage': ['RestApiId', 'StageName'],
  'AWS::ApiGatewayV2::Stage': ['ApiId', 'StageName'],
  'AWS::DynamoDB::Table': ['TableName', 'KeySchema'],
  'AWS::Events::Rule': ['Name', 'EventBusName'],
  'AWS::IAM::ManagedPolicy': ['ManagedPolicyName', 'Path', 'Description'],
  'AWS::IAM::Role': ['RoleName', 'Path'],
  'AWS::Kinesis::Stream': ['Name'],
  'AWS::Lambda::Alias': ['FunctionName', 'Name'],
  'AWS::Lambda::EventInvokeConfig': ['FunctionName', 'Qualifier'],
  'AWS::Lambda::EventSourceMapping': ['EventSourceArn', 'StartingPosition', 'StartingPositionTimestamp'],
  'AWS::Lambda::Function': ['FunctionName', 'PackageType'],
  'AWS::Lambda::LayerVersion': [
    'Content',
    'LayerName',
    'CompatibleRuntimes',
    'CompatibleArchitectures',
    'Description',
    'LicenseInfo',
  ],
  'AWS::Lambda::Permission': [
    'Action',
    'FunctionName',
    'Principal',
    'SourceAccount',
    'SourceArn',
    'EventSourceToken',
    'FunctionUrlAuthType',
  ],
  'AWS::Lambda::Url': ['TargetFunctionArn', 'Qualifier'],
  'AWS::Lambda::Version': ['FunctionName', 'CodeSha256', 'Description'],
  'AWS::Logs::LogGroup': ['LogGroupName'],
  'AWS::Logs::MetricFilter': ['FilterName', 'LogGroupName'],
  'AWS::S3::Bucket': ['BucketName'],
  'AWS::S3::BucketPolicy': ['Bucket'],
  'AWS::SNS::Subscription': ['Endpoint', 'Protocol', 'TopicArn'],
  'AWS::SNS::Topic': ['TopicName', 'FifoTopic'],
  'AWS::SQS::Queue': ['QueueName', 'FifoQueue'],
  'AWS::SSM::Parameter': ['Name'],
}

export function replaces(type: string, changed: readonly string[]): boolean {
  return changed.some((name) => REPLACING[type]?.includes(name) === true || name === 'ServiceToken')
}
