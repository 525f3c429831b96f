import assert from 'node:assert/strict'
import test from 'node:test'
import { FnscopeError } from '../errors.ts'
import { resolveValue } from './intrinsics.ts'
import { readParameters } from './parameters.ts'
import { expandSam } from './sam/expand.ts'
import { openScope, type TemplateScope } from './scope.ts'
import { mapAt, type TemplateMap } from './template-value.ts'
import { parseTemplate } from './template-yaml.ts'

const TEMPLATE = `
Parameters:
  Stage: { Type: String, Default: dev }
  Zones: { Type: CommaDelimitedList, Default: "a, b" }
Mappings:
  Sizes: { dev: { memory: 128 }, prod: { memory: 1024 } }
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsDev: !Not [!Condition IsProd]
  Either: !Or [!Condition IsProd, !Condition IsDev]
  Both: !And [!Condition IsProd, !Condition IsDev]
  Loop: !Not [!Condition Loop]
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      Events: { Get: { Type: Api, Properties: { Path: /hello, Method: get } } }
  Named:
    Type: AWS::Lambda::Function
    Properties: { FunctionName: !Sub "\${Stage}-named" }
  A: { Type: AWS::Lambda::Function, Properties: { FunctionName: !Ref B } }
  B: { Type: AWS::Lambda::Function, Properties: { FunctionName: !Ref A } }
  Orders: { Type: AWS::DynamoDB::Table, Properties: {} }
  Jobs: { Type: AWS::SQS::Queue, Properties: { QueueName: jobs } }
  Files: { Type: AWS::S3::Bucket, Properties: {} }
  Odd: { Type: Acme::Thing::Widget, Properties: {} }
`

function scopeOf(text = TEMPLATE, overrides: Record<string, string> = {}): TemplateScope & { notices: string[] } {
  const template: TemplateMap = parseTemplate(text, 't.yaml')
  const sources = mapAt(template['Resources'], 'Resources') as Readonly<Record<string, TemplateMap>>
  const notices: string[] = []
  const scope = openScope(template, {
    file: 't.yaml',
    seed: { appDir: '/app', stack: 'shop' },
    region: 'eu-west-1',
    accountId: '000000000000',
    parameters: readParameters(template, overrides, 't.yaml'),
    expanded: expandSam(template, { sources, known: (value) => value, file: 't.yaml' }),
    notice: (text) => notices.push(text),
  })
  return Object.assign(scope, { notices })
}

function evaluate(expression: string, scope = scopeOf()): unknown {
  const { Value } = parseTemplate(`Value: ${expression}`, 'v.yaml')
  return resolveValue(Value!, scope, 'Value')
}

const cases: readonly (readonly [string, unknown])[] = [
  ['!Ref Stage', 'dev'],
  ['!Ref Zones', ['a', 'b']],
  ['!Ref AWS::Region', 'eu-west-1'],
  ['!Ref AWS::Partition', 'aws'],
  ['!Sub "${AWS::StackName}-${Stage}"', 'shop-dev'],
  ['!Sub "${!Literal} ${Stage}"', '${Literal} dev'],
  ['!Sub ["${a}/${Stage}", { a: !Ref AWS::AccountId }]', '000000000000/dev'],
  ['!Join ["-", [x, !Ref Stage, 3]]', 'x-dev-3'],
  ['!Join [",", !Ref Zones]', 'a,b'],
  ['!Select [1, !Split ["/", "a/b/c"]]', 'b'],
  ['!FindInMap [Sizes, !Ref Stage, memory]', 128],
  ['!If [IsProd, big, small]', 'small'],
  ['!If [Either, !If [Both, 1, 2], 3]', 2],
  ['[a, !If [IsProd, b, !Ref AWS::NoValue]]', ['a']],
  ['{ a: !If [IsProd, b, !Ref AWS::NoValue], c: d }', { c: 'd' }],
  ['!Base64 hello', 'aGVsbG8='],
  ['{ "Fn::Join": ["", [{ "Ref": "Stage" }, "!"]] }', 'dev!'],
  ['!Cidr ["10.0.0.0/16", 3, 8]', ['10.0.0.0/24', '10.0.1.0/24', '10.0.2.0/24']],
  ['!Cidr ["2001:db8::/56", 2, 64]', ['2001:db8::/64', '2001:db8:0:1::/64']],
  ['!GetAZs ""', ['eu-west-1a', 'eu-west-1b', 'eu-west-1c']],
  ['!Select [0, !GetAZs ""]', 'eu-west-1a'],
  ['{ "Fn::Length": [1, 2] }', 2],
  ['{ "Fn::ToJsonString": { a: !Ref Stage } }', '{"a":"dev"}'],
  ['!Ref Named', 'dev-named'],
  ['!GetAtt Named.Arn', 'arn:aws:lambda:eu-west-1:000000000000:function:dev-named'],
  ['!GetAtt [Named, Arn]', 'arn:aws:lambda:eu-west-1:000000000000:function:dev-named'],
  ['!Sub "${Named.Arn}:live"', 'arn:aws:lambda:eu-west-1:000000000000:function:dev-named:live'],
  ['!Ref Jobs', 'https://sqs.eu-west-1.amazonaws.com/000000000000/jobs'],
  ['!GetAtt Jobs.Arn', 'arn:aws:sqs:eu-west-1:000000000000:jobs'],
  ['!Ref ServerlessRestApiProdStage', 'Prod'],
]

for (const [expression, expected] of cases) {
  test(`${expression} is ${JSON.stringify(expected)}`, () => {
    assert.deepEqual(evaluate(expression), expected)
  })
}

test('a parameter that is given wins over its default, also inside a condition', () => {
  assert.equal(evaluate('!If [IsProd, big, small]', scopeOf(TEMPLATE, { Stage: 'prod' })), 'big')
})

test('names and ids of resources without their own name are derived and stay the same', () => {
  assert.match(String(evaluate('!Ref Hello')), /^shop-Hello-[A-Za-z0-9]{12}$/)
  assert.equal(evaluate('!Ref Hello'), evaluate('!Ref Hello'))
  assert.match(String(evaluate('!Ref ServerlessRestApi')), /^[a-z0-9]{10}$/)
  assert.match(String(evaluate('!Ref Files')), /^shop-files-[a-z0-9]{12}$/)
  assert.match(String(evaluate('!GetAtt Orders.Arn')), /:table\/shop-Orders-[A-Za-z0-9]{12}$/)
  assert.match(String(evaluate('!GetAtt HelloRole.Arn')), /^arn:aws:iam::000000000000:role\/shop-HelloRole-/)
  assert.match(String(evaluate('!GetAtt Odd.Arn')), /^arn:aws:thing:eu-west-1:/)
})

test('an imported value stands for itself and says so', () => {
  const scope = scopeOf()
  assert.equal(evaluate('!ImportValue shared-table', scope), 'shared-table')
  assert.match(scope.notices.join(), /Fn::ImportValue "shared-table"/)
})

const refusals: readonly (readonly [string, RegExp])[] = [
  ['!Ref Nobody', /Value refers to Nobody/],
  ['!Ref stage', /Did you mean Stage\?/],
  ['!Sub "${Nobody.Arn}"', /refers to Nobody/],
  ['!GetAtt Hello.Colour', /Hello\.Colour/],
  ['!FindInMap [Sizes, test, memory]', /mapping for Sizes::test::memory/],
  ['!If [Maybe, 1, 2]', /condition Maybe/],
  ['!If [Loop, 1, 2]', /Conditions\.Loop → Conditions\.Loop/],
  ['!Ref A', /Resources\.A → Resources\.B → Resources\.A/],
  ['!Select [5, [a]]', /nonexistent value at index 5/],
  ['!Join ["-", text]', /every Fn::Join object requires two/],
  ['!Cidr ["10.0.0.0/24", 4, 8]', /finds no 4 blocks of 8 bits/],
  ['{ "Fn::Frobnicate": 1 }', /Fn::Frobnicate/],
]

for (const [expression, message] of refusals) {
  test(`${expression} is refused by name and place`, () => {
    assert.throws(
      () => evaluate(expression),
      (error) => error instanceof FnscopeError && error.code === 'FNS_TEMPLATE_INVALID' && message.test(error.message),
    )
  })
}

test('a parameter without a value, or with one that is not allowed, is refused by name', () => {
  const one = parseTemplate('Parameters: { Table: { Type: String } }', 't.yaml')
  assert.throws(() => readParameters(one, {}, 't.yaml'), /Parameters\.Table has no Default/)
  const two = parseTemplate('Parameters: { Size: { Type: Number, AllowedValues: [1, 2] } }', 't.yaml')
  assert.throws(() => readParameters(two, { Size: '3' }, 't.yaml'), /AllowedValues has 1, 2/)
  assert.equal(readParameters(two, { Size: '2' }, 't.yaml').values.get('Size'), '2')
})
