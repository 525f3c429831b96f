// Assemblies as `cdk synth` writes them: assets, stacks that use each other's exports, stages, nested stacks.
import assert from 'node:assert/strict'
import { basename } from 'node:path'
import test, { type TestContext } from 'node:test'
import { makeApp, read } from './app-fixture.ts'

const BUCKET = { 'Fn::Sub': 'cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}' }

function fn(key: string, more: object = {}): object {
  return {
    Type: 'AWS::Lambda::Function',
    Properties: {
      Code: { S3Bucket: BUCKET, S3Key: `${key}.zip` },
      Handler: 'app.handler',
      Runtime: 'python3.12',
      ...more,
    },
  }
}

function assets(files: Readonly<Record<string, string>>): string {
  return JSON.stringify({
    version: '54.0.0',
    files: Object.fromEntries(
      Object.entries(files).map(([objectKey, path]) => [
        objectKey,
        { source: { path, packaging: 'zip' }, destinations: { here: { bucketName: 'b', objectKey } } },
      ]),
    ),
  })
}

function stackArtifact(templateFile: string, more: object = {}): object {
  return { type: 'aws:cloudformation:stack', properties: { templateFile }, ...more }
}

async function makeAssembly(t: TestContext): Promise<string> {
  return await makeApp(t, {
    'cdk.json': '{}',
    'cdk.out/manifest.json': JSON.stringify({
      version: '54.0.0',
      artifacts: {
        Front: stackArtifact('Front.template.json', { dependencies: ['Front.assets', 'Back'] }),
        'Front.assets': { type: 'cdk:asset-manifest', properties: { file: 'Front.assets.json' } },
        Back: stackArtifact('Back.template.json'),
        'assembly-Beta': { type: 'cdk:cloud-assembly', properties: { directoryName: 'assembly-Beta' } },
        Tree: { type: 'cdk:tree', properties: { file: 'tree.json' } },
      },
    }),
    'cdk.out/Front.assets.json': assets({
      'aa.zip': 'asset.aa',
      'inner.json': 'Inner.nested.template.json',
      'll.zip': 'asset.ll',
    }),
    'cdk.out/asset.aa/app.py': 'def handler(event, context): return 1\n',
    'cdk.out/asset.ll/python/lib.py': 'VALUE = 1\n',
    'cdk.out/Front.template.json': JSON.stringify({
      Resources: {
        Libs: { Type: 'AWS::Lambda::LayerVersion', Properties: { Content: { S3Bucket: BUCKET, S3Key: 'll.zip' } } },
        Hello: fn('aa', {
          Environment: { Variables: { TABLE: { 'Fn::ImportValue': 'Back:ExportsOutputRefTable' } } },
          Layers: [{ Ref: 'Libs' }],
        }),
        Inner: {
          Type: 'AWS::CloudFormation::Stack',
          Properties: {
            TemplateURL: { 'Fn::Join': ['', ['https://s3.us-east-1.', { Ref: 'AWS::URLSuffix' }, '/b/inner.json']] },
            Parameters: { Layer: { Ref: 'Libs' } },
          },
        },
        CDKMetadata: { Type: 'AWS::CDK::Metadata', Properties: {} },
      },
      Outputs: { Inner: { Value: { 'Fn::GetAtt': ['Inner', 'Outputs.Name'] } } },
      Parameters: {
        BootstrapVersion: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/cdk-bootstrap/hnb659fds/version' },
      },
      Rules: {
        CheckBootstrapVersion: {
          Assertions: [{ Assert: { 'Fn::Not': [{ 'Fn::Contains': [['1'], { Ref: 'BootstrapVersion' }] }] } }],
        },
      },
    }),
    'cdk.out/Inner.nested.template.json': JSON.stringify({
      Parameters: { Layer: { Type: 'String' } },
      Resources: { Deep: fn('aa', { Layers: [{ Ref: 'Layer' }], FunctionName: 'deep' }) },
      Outputs: { Name: { Value: { Ref: 'Deep' } } },
    }),
    'cdk.out/Back.template.json': JSON.stringify({
      Resources: {
        Table: { Type: 'AWS::DynamoDB::Table', Properties: { TableName: 'orders' } },
        Inline: {
          Type: 'AWS::Lambda::Function',
          Properties: {
            Code: { ZipFile: 'exports.handler = async () => 1' },
            Handler: 'index.handler',
            Runtime: 'nodejs22.x',
          },
        },
      },
      Outputs: { ExportsOutputRefTable: { Value: { Ref: 'Table' }, Export: { Name: 'Back:ExportsOutputRefTable' } } },
    }),
    'cdk.out/assembly-Beta/manifest.json': JSON.stringify({
      artifacts: {
        BetaStack: stackArtifact('Beta.template.json', {
          properties: { templateFile: 'Beta.template.json', stackName: 'Beta-Stack' },
        }),
      },
    }),
    'cdk.out/assembly-Beta/Beta.template.json': JSON.stringify({
      Resources: {
        Fn: {
          Type: 'AWS::Lambda::Function',
          Properties: { Code: { ZipFile: 'x = 1' }, Handler: 'index.h', Runtime: 'python3.12' },
        },
      },
    }),
  })
}

test('an assembly of several stacks is one app: assets, exports, nested stacks and stages', async (t) => {
  const app = await read(await makeAssembly(t))
  assert.deepEqual(
    app.functions.map(({ logicalId }) => logicalId),
    ['Inline', 'Hello', 'Deep', 'Fn'],
  )
  const [, hello, deep, beta] = app.functions
  assert.equal(hello?.stack, 'Front')
  assert.equal(hello.environment['TABLE'], 'orders')
  assert.equal(basename(hello.codeDir), 'asset.aa')
  assert.deepEqual(
    hello.layerDirs.map((dir) => basename(dir)),
    ['asset.ll'],
  )
  assert.match(deep?.stack ?? '', /^Front-Inner-[A-Za-z0-9]{12}$/)
  assert.deepEqual(deep?.layerDirs, hello.layerDirs)
  assert.equal(beta?.stack, 'Beta-Stack')
  assert.equal(app.outputs['Inner'], 'deep')
  assert.deepEqual(app.notices, [])
})

test('a project that was not synthesized says what to run', async (t) => {
  const dir = await makeApp(t, { 'cdk.json': '{"app": "node app.js"}' })
  await assert.rejects(read(dir), { code: 'FNS_APP_NOT_FOUND', message: /Run `cdk synth`/ })
})
