import assert from 'node:assert/strict'
import { test } from 'node:test'
import { peerOf, type Call } from './peer.ts'

const aws = (name: string, more: Partial<Call> = {}): Call => ({ namespace: 'aws', name, ...more })
const QUEUE = 'https://sqs.us-east-1.amazonaws.com/000000000000/jobs'

const CASES: readonly (readonly [what: string, call: Call, name: string, type: string])[] = [
  ['DynamoDB of Node', aws('DynamoDB', { tableName: 'orders' }), 'orders', 'AWS::DynamoDB::Table'],
  ['DynamoDB of Python', aws('dynamodb', { tableName: 'orders' }), 'orders', 'AWS::DynamoDB::Table'],
  ['DynamoDB without table', aws('dynamodb'), 'DynamoDB', 'AWS::DynamoDB'],
  ['a queue', aws('SQS', { queueUrl: QUEUE }), 'jobs', 'AWS::SQS::Queue'],
  ['a queue with a slash behind', aws('sqs', { queueUrl: `${QUEUE}/` }), 'jobs', 'AWS::SQS::Queue'],
  ['a bucket', aws('s3', { bucketName: 'b' }), 'b', 'AWS::S3::Bucket'],
  ['S3 without bucket', aws('s3'), 'S3', 'AWS::S3'],
  ['a topic', aws('sns'), 'SNS', 'AWS::SNS'],
  ['a function', aws('Lambda', { functionName: 'fn' }), 'fn', 'AWS::Lambda'],
  [
    'a function by ARN',
    aws('lambda', { functionName: 'arn:aws:lambda:us-east-1:000000000000:function:fn:live' }),
    'fn',
    'AWS::Lambda',
  ],
  ['another service', aws('secretsmanager'), 'secretsmanager', 'AWS::secretsmanager'],
  ['a host', { namespace: 'remote', name: 'api.test' }, 'api.test', 'remote'],
  ['a database', { namespace: 'remote', name: ':memory:', hasSql: true }, ':memory:', 'Database::SQL'],
  ['a database without namespace', { namespace: '', name: 'db', hasSql: true }, 'db', 'Database::SQL'],
]

for (const [what, call, name, type] of CASES)
  test(`${what} is the node ${name} of type ${type}`, () => {
    assert.deepEqual(peerOf(call), { name, type })
  })

test('own code calls nothing', () => {
  assert.equal(peerOf({ namespace: 'local', name: '## handler' }), undefined)
  assert.equal(peerOf({ namespace: '', name: 'x' }), undefined)
  assert.equal(peerOf({ namespace: 'remote', name: '' }), undefined)
})
