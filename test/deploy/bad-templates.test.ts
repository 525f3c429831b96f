// Templates that are wrong, each refused in CloudFormation's words (or SAM's) and with the place of the mistake.
import assert from 'node:assert/strict'
import test from 'node:test'
import { makeApp, read } from './app-fixture.ts'

const FN = 'Type: AWS::Serverless::Function, Properties: { Handler: a.b, Runtime: python3.11, InlineCode: x'

/** What is wrong → the template, and what the refusal says. */
const BAD: readonly (readonly [name: string, template: string, message: RegExp])[] = [
  ['no resources', 'Resources: {}', /At least one Resources member must be defined/],
  ['nothing but text', 'hello', /a template is a map with Resources/],
  ['broken YAML', 'Resources:\n  Fn: {Type: [', /template\.yaml:2:\d+: /],
  [
    'a resource without a type',
    'Resources: { Fn: { Properties: {} } }',
    /\[\/Resources\/Fn\] Every Resources object must contain a Type member/,
  ],
  ['a type that is none', 'Resources: { Fn: { Type: Lambda } }', /Unrecognized resource types: \[Lambda\]/],
  [
    'a SAM type that is none',
    'Resources: { Fn: { Type: AWS::Serverless::Lambda } }',
    /Unrecognized resource types: \[AWS::Serverless::Lambda\]/,
  ],
  [
    'a logical id with a hyphen',
    'Resources: { my-fn: { Type: AWS::SNS::Topic } }',
    /Resource name my-fn is non alphanumeric/,
  ],
  [
    'a section of Globals that is none',
    `Globals: { Functions: { Timeout: 3 } }\nResources: { Fn: { ${FN} } } }`,
    /'Globals' section is invalid\. 'Functions' is not supported/,
  ],
  [
    'a Ref to nothing',
    `Resources: { Fn: { ${FN}, Environment: { Variables: { AA: !Ref Nope } } } } }`,
    /Unresolved resource dependencies \[Nope\] in the Resources block of the template.*Resources\.Fn\.Properties\.Environment/,
  ],
  [
    'a Sub of nothing',
    `Resources: { Fn: { ${FN}, Description: !Sub "\${Nope.Arn}" } } }`,
    /Unresolved resource dependencies \[Nope\]/,
  ],
  [
    'an output of nothing',
    `Resources: { Fn: { ${FN} } } }\nOutputs: { A: { Value: !GetAtt Nope.Arn } }`,
    /Unresolved resource dependencies \[Nope\] in the Outputs block/,
  ],
  [
    'an attribute that is none',
    `Resources: { Fn: { ${FN} } } }\nOutputs: { A: { Value: !GetAtt Fn.Colour } }`,
    /resource Fn does not support attribute type Colour in Fn::GetAtt/,
  ],
  [
    'DependsOn of nothing',
    `Resources: { Fn: { DependsOn: Nope, ${FN} } } }`,
    /Unresolved resource dependencies \[Nope\]/,
  ],
  [
    'a circle of two',
    'Resources: { A: { Type: AWS::SNS::Topic, Properties: { DisplayName: !GetAtt B.TopicName } }, B: { Type: AWS::SNS::Topic, Properties: { DisplayName: !GetAtt A.TopicName } } }',
    /Circular dependency between resources: \[A, B\].*A → B → A/,
  ],
  [
    'a circle through DependsOn',
    'Resources: { A: { Type: AWS::SNS::Topic, DependsOn: B }, B: { Type: AWS::SNS::Topic, DependsOn: [A] } }',
    /Circular dependency between resources: \[A, B\]/,
  ],
  [
    'a function that knows the URL of its own API',
    `Resources: { Fn: { ${FN}, Environment: { Variables: { URL: !Sub "https://\${ServerlessRestApi}.example.com" } }, Events: { Get: { Type: Api, Properties: { Path: /, Method: get } } } } } }`,
    /Circular dependency between resources: \[Fn, .*ServerlessRestApi/,
  ],
  [
    'a parameter without a value',
    `Parameters: { Stage: { Type: String } }\nResources: { Fn: { ${FN} } } }`,
    /Parameters: \[Stage\] must have values.*--parameter Stage=VALUE/s,
  ],
  [
    'a parameter that is not allowed',
    `Parameters: { Stage: { Type: String, Default: x, AllowedValues: [a, b] } }\nResources: { Fn: { ${FN} } } }`,
    /Parameter 'Stage' must be one of AllowedValues/,
  ],
  [
    'a parameter that does not match',
    `Parameters: { Stage: { Type: String, Default: x1, AllowedPattern: "[a-z]+" } }\nResources: { Fn: { ${FN} } } }`,
    /Parameter 'Stage' must match pattern \[a-z\]\+/,
  ],
  [
    'a parameter with its own words',
    `Parameters: { Stage: { Type: String, Default: x1, AllowedPattern: "[a-z]+", ConstraintDescription: letters only } }\nResources: { Fn: { ${FN} } } }`,
    /Parameter 'Stage' failed to satisfy constraint: letters only/,
  ],
  [
    'a number that is none',
    `Parameters: { Count: { Type: Number, Default: many } }\nResources: { Fn: { ${FN} } } }`,
    /Parameter 'Count' must be a number\./,
  ],
  [
    'a number that is too big',
    `Parameters: { Count: { Type: Number, Default: 9, MaxValue: 5 } }\nResources: { Fn: { ${FN} } } }`,
    /Parameter 'Count' must be a number not greater than 5/,
  ],
  [
    'a text that is too short',
    `Parameters: { Key: { Type: String, Default: abc, MinLength: 8, NoEcho: true } }\nResources: { Fn: { ${FN} } } }`,
    /Parameter 'Key' must contain at least 8 characters\. .*"\*\*\*\*"/,
  ],
  [
    'a runtime that is none',
    `Resources: { Fn: { ${FN.replace(/python3\.\d+/, 'python3.99')} } } }`,
    /Fn.*Runtime: Value python3\.99 at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: \[.*\] or be a valid ARN/,
  ],
  [
    'a condition that is none',
    `Resources: { Fn: { Condition: Nope, ${FN} } } }`,
    /Unresolved condition dependency Nope in the Resources block/,
  ],
  [
    'a mapping that is none',
    `Mappings: { M: { a: { b: c } } }\nResources: { Fn: { ${FN}, Description: !FindInMap [M, a, x] } } }`,
    /Unable to get mapping for M::a::x/,
  ],
  [
    'Select beyond the list',
    `Resources: { Fn: { ${FN}, Description: !Select [5, [a, b]] } } }`,
    /Fn::Select cannot select nonexistent value at index 5/,
  ],
  [
    'Join of no list',
    `Resources: { Fn: { ${FN}, Description: !Join [",", abc] } } }`,
    /every Fn::Join object requires two parameters/,
  ],
  [
    'a function that is none',
    `Resources: { Fn: { ${FN}, Description: { "Fn::Shout": abc } } } }`,
    /unknown function Fn::Shout/,
  ],
  [
    'an event type that is none',
    `Resources: { Fn: { ${FN}, Events: { Ev: { Type: Pigeon } } } } }`,
    /Resource with id \[Fn\] is invalid\. Event with id \[Ev\] is invalid.*"Pigeon"/,
  ],
  [
    'an S3 event without its bucket',
    `Resources: { Fn: { ${FN}, Events: { Ev: { Type: S3, Properties: { Bucket: mine, Events: s3:ObjectCreated:* } } } } } }`,
    /S3 events must reference an S3 bucket in the same template/,
  ],
  [
    'a layer policy that is none',
    `Resources: { L: { Type: AWS::Serverless::LayerVersion, Properties: { ContentUri: ., RetentionPolicy: Keep } }, Fn: { ${FN} } } }`,
    /RetentionPolicy must be Retain or Delete/,
  ],
  [
    'two functions of one name',
    `Resources: { A: { ${FN}, FunctionName: same } }, B: { ${FN}, FunctionName: same } } }`,
    /functions A and B have the same name same/,
  ],
  [
    'code that is not there',
    'Resources: { Fn: { Type: AWS::Serverless::Function, Properties: { Handler: a.b, Runtime: python3.11, CodeUri: nowhere/ } } }',
    /CodeUri nowhere\/.*no directory/,
  ],
  [
    'code in a bucket that is not here',
    'Resources: { Fn: { Type: AWS::Serverless::Function, Properties: { Handler: a.b, Runtime: python3.11, CodeUri: s3://bucket/key } } }',
    /S3 Error Code: NoSuchKey.*s3:\/\/bucket\/key/,
  ],
  [
    'an include that is not there',
    `Resources: { Fn: { ${FN}, Environment: { Variables: { "Fn::Transform": { Name: AWS::Include, Parameters: { Location: nowhere.yaml } } } } } } }`,
    /"nowhere\.yaml", which is not at hand/,
  ],
  [
    'a transform that is none',
    `Resources: { Fn: { ${FN}, Description: { "Fn::Transform": { Name: MyMacro } } } } }`,
    /No transform named "MyMacro" found/,
  ],
  [
    'a macro',
    `Transform: [AWS::LanguageExtensions, MyMacro]\nResources: { Fn: { ${FN} } } }`,
    /No transform named "MyMacro" found/,
  ],
  [
    'a loop over what is not known yet',
    `Resources: { "Fn::ForEach::Loop": [X, !Split [",", !GetAtt T.Arn], { "Fn\${X}": { ${FN} } } }] }`,
    /a list that is known before deployment/,
  ],
  [
    'a nested stack that asks for an output that is none',
    `Resources: { Fn: { ${FN} } }, N: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: inner.yaml } } }\nOutputs: { A: { Value: !GetAtt N.Outputs.Nope } }`,
    /asks for output Nope/,
  ],
]

for (const [name, template, message] of BAD) {
  test(`${name} is refused`, async (t) => {
    const dir = await makeApp(t, { 'template.yaml': template, 'inner.yaml': `Resources: { Inner: { ${FN} } } }` })
    await assert.rejects(read(dir), (error: Error & { readonly code?: string }) => {
      assert.match(error.message, message)
      return error.code === 'FNS_TEMPLATE_INVALID' || error.code === 'FNS_CODE_NOT_FOUND'
    })
  })
}

test('a parameter that the template does not have is refused', async (t) => {
  const dir = await makeApp(t, { 'template.yaml': `Resources: { Fn: { ${FN} } } }` })
  await assert.rejects(
    read(dir, { parameters: { Colour: 'blue' } }),
    /Parameters: \[Colour\] do not exist in the template/,
  )
})
