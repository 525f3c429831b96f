// Templates of every kind that SAM's transform knows, small: what test/deploy/sam-oracle.test.ts gives to the reference
// transform and to ours. Code lies in S3, as it does when `sam deploy` has packaged it.

const FN = (more = ''): string => `
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: s3://bucket/key
      Handler: app.handler
      Runtime: python3.12
${more}`

const EVENT = (type: string, properties: string, more = ''): string =>
  FN(`${more}      Events:
        Ev:
          Type: ${type}
          Properties: ${properties}`)

/** Name → the template's text after its Transform line. */
export const SHAPES: Readonly<Record<string, string>> = {
  'a function alone': `Resources:${FN()}`,
  'all plain properties': `Resources:${FN(`      FunctionName: named
      Description: says what it is
      MemorySize: 512
      Timeout: 20
      Environment: {Variables: {A: b}}
      Architectures: [arm64]
      EphemeralStorage: {Size: 1024}
      LoggingConfig: {LogFormat: JSON, ApplicationLogLevel: DEBUG}
      ReservedConcurrentExecutions: 3
      Tags: {team: blue}
      VpcConfig: {SubnetIds: [subnet-1], SecurityGroupIds: [sg-1]}
      KmsKeyArn: arn:aws:kms:us-east-1:1:key/1
      Tracing: Active`)}`,
  'Globals of a function': `Globals:
  Function:
    Timeout: 7
    Runtime: python3.11
    Tracing: PassThrough
    Environment: {Variables: {A: global, B: global}}
    Layers: [arn:aws:lambda:us-east-1:1:layer:one:1]
    Tags: {x: y}
Resources:${FN(`      Environment: {Variables: {A: own}}
      Layers: [arn:aws:lambda:us-east-1:1:layer:two:1]`)}`,
  'inline code': `Resources:
  Fn: {Type: AWS::Serverless::Function, Properties: {InlineCode: 'def handler(a, b): pass', Handler: index.handler, Runtime: python3.12}}`,
  'a container image': `Resources:
  Fn: {Type: AWS::Serverless::Function, Properties: {PackageType: Image, ImageUri: '1.dkr.ecr.us-east-1.amazonaws.com/a:b'}}`,
  'a role of its own': `Resources:${FN('      Role: arn:aws:iam::1:role/own')}`,
  'policies of every kind': `Resources:${FN(`      Policies:
        - AWSLambdaExecute
        - arn:aws:iam::aws:policy/ReadOnlyAccess
        - DynamoDBCrudPolicy: {TableName: t}
        - SQSPollerPolicy: {QueueName: q}
        - S3ReadPolicy: {BucketName: b}
        - Version: '2012-10-17'
          Statement: [{Effect: Allow, Action: 's3:*', Resource: '*'}]`)}`,
  'a dead-letter queue': `Resources:${FN('      DeadLetterQueue: {Type: SQS, TargetArn: arn:aws:sqs:us-east-1:1:q}')}`,
  'an implicit REST API': `Resources:${FN(`      Events:
        Get: {Type: Api, Properties: {Path: /items, Method: get}}
        Put: {Type: Api, Properties: {Path: '/items/{id}', Method: PUT}}
        Any: {Type: Api, Properties: {Path: '/{proxy+}', Method: any}}`)}`,
  'an explicit REST API': `Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties: {StageName: dev, TracingEnabled: true, Variables: {A: b}, Name: mine}${EVENT('Api', '{Path: /a, Method: get, RestApiId: !Ref Api}')}`,
  'an API with an intrinsic stage': `Parameters: {Stage: {Type: String, Default: beta}}
Resources:
  Api: {Type: AWS::Serverless::Api, Properties: {StageName: !Ref Stage}}${EVENT('Api', '{Path: /a, Method: get, RestApiId: !Ref Api}')}`,
  'an API with its own document': `Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: v1
      DefinitionBody: {openapi: 3.0.1, info: {title: t, version: '1'}, paths: {/a: {get: {responses: {}}}}}${FN()}`,
  'an API with keys and a usage plan': `Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties: {StageName: Prod, Auth: {ApiKeyRequired: true, UsagePlan: {CreateUsagePlan: PER_API, UsagePlanName: plan}}}${EVENT('Api', '{Path: /a, Method: get, RestApiId: !Ref Api}')}`,
  'an API with a function that authorizes': `Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties: {StageName: Prod, Auth: {DefaultAuthorizer: Own, Authorizers: {Own: {FunctionArn: !GetAtt Fn.Arn}}}}${EVENT('Api', '{Path: /a, Method: get, RestApiId: !Ref Api}')}`,
  'an API under a domain': `Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties: {StageName: Prod, Domain: {DomainName: a.example.com, CertificateArn: arn:aws:acm:us-east-1:1:certificate/1, Route53: {HostedZoneId: Z1}}}${EVENT('Api', '{Path: /a, Method: get, RestApiId: !Ref Api}')}`,
  'CORS for the implicit API': `Globals: {Api: {Cors: "'*'"}}
Resources:${EVENT('Api', '{Path: /a, Method: post}')}`,
  'an implicit HTTP API': `Resources:${EVENT('HttpApi', '{Path: /a, Method: get}')}`,
  'the default route of an HTTP API': `Resources:${FN(`      Events:
        All: {Type: HttpApi}`)}`,
  'an explicit HTTP API': `Resources:
  Http: {Type: AWS::Serverless::HttpApi, Properties: {StageName: v2, StageVariables: {A: b}, CorsConfiguration: true}}${EVENT('HttpApi', '{Path: /a, Method: post, ApiId: !Ref Http}')}`,
  'an HTTP API under a domain': `Resources:
  Http: {Type: AWS::Serverless::HttpApi, Properties: {Domain: {DomainName: h.example.com, CertificateArn: arn:aws:acm:us-east-1:1:certificate/1}}}${EVENT('HttpApi', '{Path: /a, Method: post, ApiId: !Ref Http}')}`,
  'a function URL for everybody': `Resources:${FN('      FunctionUrlConfig: {AuthType: NONE, Cors: {AllowOrigins: ["*"]}, InvokeMode: RESPONSE_STREAM}')}`,
  'a signed function URL of an alias': `Resources:${FN(`      AutoPublishAlias: live
      FunctionUrlConfig: {AuthType: AWS_IAM}`)}`,
  'an alias that follows': `Resources:${FN(`      AutoPublishAlias: live
      VersionDescription: one
      MemorySize: 256
      ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 2}`)}
Outputs:
  V: {Value: !Ref Fn.Version}
  A: {Value: !Ref Fn.Alias}`,
  'events of an alias': `Resources:${FN(`      AutoPublishAlias: !Ref Name
      Events:
        Get: {Type: Api, Properties: {Path: /items, Method: get}}
        Q: {Type: SQS, Properties: {Queue: arn:aws:sqs:us-east-1:1:q}}`)}
Parameters: {Name: {Type: String, Default: blue-1}}`,
  'gradual deployments': `Resources:${FN(`      AutoPublishAlias: live
      DeploymentPreference: {Type: Canary10Percent10Minutes}`)}`,
  'an event from SQS': `Resources:${EVENT('SQS', '{Queue: !GetAtt Q.Arn, BatchSize: 5, FunctionResponseTypes: [ReportBatchItemFailures]}')}
  Q: {Type: AWS::SQS::Queue}`,
  'an event from Kinesis': `Resources:${EVENT('Kinesis', '{Stream: arn:aws:kinesis:us-east-1:1:stream/s, StartingPosition: LATEST, BatchSize: 10, DestinationConfig: {OnFailure: {Type: SQS, Destination: arn:aws:sqs:us-east-1:1:q}}}')}`,
  'an event from DynamoDB': `Resources:${EVENT('DynamoDB', '{Stream: !GetAtt T.StreamArn, StartingPosition: TRIM_HORIZON, FilterCriteria: {Filters: [{Pattern: "{}"}]}}')}
  T: {Type: AWS::DynamoDB::Table, Properties: {KeySchema: [], AttributeDefinitions: []}}`,
  'an event from MSK': `Resources:${EVENT('MSK', '{Stream: arn:aws:kafka:us-east-1:1:cluster/c/1, StartingPosition: LATEST, Topics: [t], ConsumerGroupId: g}')}`,
  'an event from MQ': `Resources:${EVENT('MQ', '{Broker: arn:aws:mq:us-east-1:1:broker:b:1, Queues: [q], SourceAccessConfigurations: [{Type: BASIC_AUTH, URI: arn:aws:secretsmanager:us-east-1:1:secret:s}]}')}`,
  'an event from a Kafka of one’s own': `Resources:${EVENT('SelfManagedKafka', '{KafkaBootstrapServers: ["a:9092"], Topics: [t], SourceAccessConfigurations: [{Type: SASL_SCRAM_512_AUTH, URI: arn:aws:secretsmanager:us-east-1:1:secret:s}]}')}`,
  'an event from DocumentDB': `Resources:${EVENT('DocumentDB', '{Cluster: arn:aws:rds:us-east-1:1:cluster:c, DatabaseName: d, SourceAccessConfigurations: [{Type: BASIC_AUTH, URI: arn:aws:secretsmanager:us-east-1:1:secret:s}]}')}`,
  'an event from SNS': `Resources:${EVENT('SNS', '{Topic: !Ref T, FilterPolicy: {a: [b]}}')}
  T: {Type: AWS::SNS::Topic}`,
  'an event from SNS through a queue': `Resources:${EVENT('SNS', '{Topic: !Ref T, SqsSubscription: true}')}
  T: {Type: AWS::SNS::Topic}`,
  'an event from S3': `Resources:${EVENT('S3', '{Bucket: !Ref B, Events: s3:ObjectCreated:*, Filter: {S3Key: {Rules: [{Name: suffix, Value: .jpg}]}}}')}
  B: {Type: AWS::S3::Bucket}`,
  'a schedule': `Resources:${EVENT('Schedule', '{Schedule: rate(5 minutes), Name: five, Input: "{}", Enabled: false}')}`,
  'a schedule with a queue for failures': `Resources:${EVENT('Schedule', '{Schedule: rate(5 minutes), DeadLetterConfig: {Type: SQS}, RetryPolicy: {MaximumRetryAttempts: 5}}')}`,
  'a schedule of the Scheduler': `Resources:${EVENT('ScheduleV2', '{ScheduleExpression: rate(1 hour), FlexibleTimeWindow: {Mode: FLEXIBLE, MaximumWindowInMinutes: 5}}')}`,
  'a rule of EventBridge': `Resources:${EVENT('EventBridgeRule', '{Pattern: {source: [a.b]}, EventBusName: bus, InputPath: $.detail}')}`,
  'a rule of CloudWatch': `Resources:${EVENT('CloudWatchEvent', '{Pattern: {source: [a.b]}}')}`,
  'log lines as events': `Resources:${EVENT('CloudWatchLogs', '{LogGroupName: /aws/lambda/other, FilterPattern: ERROR}')}`,
  'a rule of IoT': `Resources:${EVENT('IoTRule', '{Sql: "SELECT * FROM \'a\'", AwsIotSqlVersion: beta}')}`,
  'an Alexa skill': `Resources:${EVENT('AlexaSkill', '{SkillId: amzn1.ask.skill.1}')}`,
  'a trigger of Cognito': `Resources:${EVENT('Cognito', '{UserPool: !Ref P, Trigger: [PreSignUp, PostConfirmation]}')}
  P: {Type: AWS::Cognito::UserPool}`,
  'asynchronous configuration': `Resources:${FN(`      EventInvokeConfig:
        MaximumEventAgeInSeconds: 70
        MaximumRetryAttempts: 1
        DestinationConfig:
          OnSuccess: {Type: SNS}
          OnFailure: {Type: SQS}`)}`,
  'a destination that exists': `Resources:${FN(`      EventInvokeConfig:
        DestinationConfig:
          OnFailure: {Type: Lambda, Destination: arn:aws:lambda:us-east-1:1:function:other}`)}`,
  'a layer': `Resources:${FN('      Layers: [!Ref Libs]')}
  Libs:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: s3://bucket/layer, LayerName: libs, CompatibleRuntimes: [python3.12]}
Outputs: {L: {Value: !Ref Libs}}`,
  'a layer that goes with its stack': `Resources:${FN('      Layers: [!Ref Libs]')}
  Libs: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: s3://bucket/layer, RetentionPolicy: Delete}}`,
  'a simple table': `Resources:
  T: {Type: AWS::Serverless::SimpleTable, Properties: {TableName: t, PrimaryKey: {Name: key, Type: Number}, ProvisionedThroughput: {ReadCapacityUnits: 1, WriteCapacityUnits: 1}, Tags: {a: b}}}
  U: {Type: AWS::Serverless::SimpleTable}`,
  'a state machine with events': `Resources:${FN()}
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties:
      Definition: {StartAt: A, States: {A: {Type: Pass, End: true}}}
      Tracing: {Enabled: true}
      Policies: [{LambdaInvokePolicy: {FunctionName: !Ref Fn}}]
      Events:
        Hourly: {Type: Schedule, Properties: {Schedule: rate(1 hour)}}
        Later: {Type: ScheduleV2, Properties: {ScheduleExpression: rate(1 hour)}}
        Seen: {Type: EventBridgeRule, Properties: {Pattern: {source: [a.b]}}}
        Post: {Type: Api, Properties: {Path: /start, Method: post}}`,
  'a state machine in S3': `Resources:
  Machine: {Type: AWS::Serverless::StateMachine, Properties: {DefinitionUri: s3://b/k, Role: arn:aws:iam::1:role/r, Type: EXPRESS, Name: m, AutoPublishAlias: live}}`,
  'a nested application': `Resources:
  App: {Type: AWS::Serverless::Application, Properties: {Location: https://s3.amazonaws.com/b/k, Parameters: {A: b}}}`,
  'a GraphQL API': `Resources:
  G:
    Type: AWS::Serverless::GraphQLApi
    Properties: {SchemaInline: 'type Query { a: String }', Auth: {Type: AWS_IAM}, XrayEnabled: true}`,
  'a connector to a table': `Resources:${FN()}
  T: {Type: AWS::DynamoDB::Table, Properties: {KeySchema: [], AttributeDefinitions: []}}
  C: {Type: AWS::Serverless::Connector, Properties: {Source: {Id: Fn}, Destination: {Id: T}, Permissions: [Read, Write]}}`,
  'a connector on a function': `Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: s3://bucket/key, Handler: a.b, Runtime: python3.12}
    Connectors: {ToQueue: {Properties: {Destination: {Id: Q}, Permissions: [Write]}}}
  Q: {Type: AWS::SQS::Queue}`,
  'a connector from a rule': `Resources:${FN()}
  R: {Type: AWS::Events::Rule, Properties: {ScheduleExpression: rate(1 hour)}}
  C: {Type: AWS::Serverless::Connector, Properties: {Source: {Id: R}, Destination: {Id: Fn}, Permissions: [Write]}}`,
  'conditions are handed on': `Parameters: {Env: {Type: String, Default: prod}}
Conditions: {IsProd: !Equals [!Ref Env, prod]}
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Condition: IsProd
    DeletionPolicy: Retain
    Properties:
      CodeUri: s3://bucket/key
      Handler: a.b
      Runtime: python3.12
      AutoPublishAlias: live
      FunctionUrlConfig: {AuthType: NONE}
      Events:
        Get: {Type: Api, Properties: {Path: /a, Method: get}}
        Tick: {Type: Schedule, Properties: {Schedule: rate(1 hour)}}`,
  'what SAM does not know stays': `Resources:${FN()}
  T: {Type: AWS::SNS::Topic, DependsOn: Fn, Properties: {TopicName: !Sub '\${AWS::StackName}-t'}}
Outputs: {A: {Value: !GetAtt Fn.Arn}}`,
}
