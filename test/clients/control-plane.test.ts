// S3, STS, SSM parameters, IAM and ECR as unmodified boto3 and the aws CLI use them.
import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { runClient, runPython, startFnscope, temporaryDir, type StartedFnscope } from '../started-fnscope.ts'

let fnscope: StartedFnscope
const dataDir = temporaryDir('data')
const dir = temporaryDir('control')

before(async () => {
  fnscope = await startFnscope({ dataDir })
})

after(async () => {
  await fnscope[Symbol.asyncDispose]()
  for (const one of [dataDir, dir]) rmSync(one, { recursive: true, force: true })
})

/** Runs Python with a helper that answers an error's code and status; `code` fills `out`. */
const boto = <Answer>(code: string): Promise<Answer> =>
  runPython<Answer>(
    `
import boto3, io, json, zlib
from botocore.exceptions import ClientError
out = {}
def code(call, **arguments):
    try: call(**arguments)
    except ClientError as e: return [e.response['Error']['Code'], e.response['ResponseMetadata']['HTTPStatusCode']]
    return None
s3 = boto3.client('s3')
${code}
print(json.dumps(out, default=str))`,
    fnscope.clientEnv,
  )

test('an object comes back as it was put, whole, by range and by condition', async () => {
  const answer = await boto<Record<string, unknown>>(`
s3.create_bucket(Bucket='things')
put = s3.put_object(Bucket='things', Key='a/ü +%.txt', Body=b'hello world', ContentType='text/plain', Metadata={'x': 'y'}, ContentEncoding='gzip')
got = s3.get_object(Bucket='things', Key='a/ü +%.txt')
out['etag'] = [put['ETag'], got['ETag']]
out['body'] = got['Body'].read().decode()
out['type'] = [got['ContentType'], got['ContentEncoding'], got['Metadata']]
part = s3.get_object(Bucket='things', Key='a/ü +%.txt', Range='bytes=-5')
out['range'] = [part['ContentRange'], part['Body'].read().decode()]
out['head'] = s3.head_object(Bucket='things', Key='a/ü +%.txt')['ContentLength']
out['errors'] = [
  code(s3.get_object, Bucket='things', Key='none'), code(s3.get_object, Bucket='no-such-bucket', Key='x'),
  code(s3.head_object, Bucket='things', Key='none'), code(s3.get_object, Bucket='things', Key='a/ü +%.txt', IfNoneMatch=put['ETag']),
  code(s3.get_object, Bucket='things', Key='a/ü +%.txt', Range='bytes=100-'),
  code(s3.put_object, Bucket='things', Key='a/ü +%.txt', Body=b'', IfNoneMatch='*'),
  code(s3.put_object, Bucket='things', Key='bad', Body=b'x', ContentMD5='AAAAAAAAAAAAAAAAAAAAAA=='),
  code(s3.put_object, Bucket='things', Key='bad', Body=b'x', ChecksumSHA256='AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='),
  code(s3.delete_bucket, Bucket='things')]
out['algorithms'] = [next(v for k, v in s3.put_object(Bucket='things', Key='sum', Body=b'123456789', ChecksumAlgorithm=a).items() if k.startswith('Checksum') and k != 'ChecksumType') for a in ('CRC32', 'CRC32C', 'SHA1', 'CRC64NVME')]
url = s3.generate_presigned_url('get_object', Params={'Bucket': 'things', 'Key': 'sum'})
import urllib.request
response = urllib.request.urlopen(url)
out['presigned'] = [response.read().decode(), response.headers['Content-Security-Policy']]`)
  assert.deepEqual(answer, {
    etag: ['"5eb63bbbe01eeed093cb22bb8f5acdc3"', '"5eb63bbbe01eeed093cb22bb8f5acdc3"'],
    body: 'hello world',
    type: ['text/plain', 'gzip', { x: 'y' }],
    range: ['bytes 6-10/11', 'world'],
    head: 11,
    errors: [
      ['NoSuchKey', 404],
      ['NoSuchBucket', 404],
      ['404', 404],
      ['304', 304],
      ['InvalidRange', 416],
      ['PreconditionFailed', 412],
      ['BadDigest', 400],
      ['BadDigest', 400],
      ['BucketNotEmpty', 409],
    ],
    algorithms: ['y/Q5Jg==', '4waSgw==', '98O8HYCOBHMq32eZZczDTKeuNEE=', 'rosUhgp5mIg='],
    presigned: ['123456789', 'sandbox'],
  })
})

test('an upload in parts is one object, a copy another, and lists page through both', async () => {
  const answer = await boto<Record<string, unknown>>(`
from boto3.s3.transfer import TransferConfig
s3.create_bucket(Bucket='parts')
data = bytes(range(256)) * 4096 * 13
s3.upload_fileobj(io.BytesIO(data), 'parts', 'big', Config=TransferConfig(multipart_threshold=1, multipart_chunksize=5*1024*1024))
back = io.BytesIO(); s3.download_fileobj('parts', 'big', back)
out['same'] = back.getvalue() == data
out['etag'] = s3.head_object(Bucket='parts', Key='big')['ETag'].endswith('-3"')
s3.copy_object(Bucket='parts', Key='copy', CopySource={'Bucket': 'parts', 'Key': 'big'})
out['copied'] = s3.head_object(Bucket='parts', Key='copy')['ContentLength'] == len(data)
for i in range(5): s3.put_object(Bucket='parts', Key=f'd/{i}', Body=b'x')
pages = list(s3.get_paginator('list_objects_v2').paginate(Bucket='parts', PaginationConfig={'PageSize': 2}))
out['pages'] = [[c['Key'] for c in p['Contents']] for p in pages]
top = s3.list_objects_v2(Bucket='parts', Delimiter='/')
out['top'] = [[c['Key'] for c in top['Contents']], [p['Prefix'] for p in top['CommonPrefixes']]]
out['v1'] = [c['Key'] for p in s3.get_paginator('list_objects').paginate(Bucket='parts', Prefix='d/', PaginationConfig={'PageSize': 2}) for c in p['Contents']]
out['gone'] = code(s3.list_parts, Bucket='parts', Key='big', UploadId='nothing')
boto3.resource('s3').Bucket('parts').objects.all().delete()
out['deleted'] = s3.delete_bucket(Bucket='parts')['ResponseMetadata']['HTTPStatusCode']`)
  assert.deepEqual(answer, {
    same: true,
    etag: true,
    copied: true,
    pages: [['big', 'copy'], ['d/0', 'd/1'], ['d/2', 'd/3'], ['d/4']],
    top: [['big', 'copy'], ['d/']],
    v1: ['d/0', 'd/1', 'd/2', 'd/3', 'd/4'],
    gone: ['NoSuchUpload', 404],
    deleted: 204,
  })
})

test('a versioned bucket keeps what was replaced and deleted; settings come back as they were put', async () => {
  const answer = await boto<Record<string, unknown>>(`
s3.create_bucket(Bucket='kept')
s3.put_bucket_versioning(Bucket='kept', VersioningConfiguration={'Status': 'Enabled'})
first = s3.put_object(Bucket='kept', Key='k', Body=b'1')['VersionId']
s3.put_object(Bucket='kept', Key='k', Body=b'2')
out['old'] = s3.get_object(Bucket='kept', Key='k', VersionId=first)['Body'].read().decode()
s3.delete_object(Bucket='kept', Key='k')
out['hidden'] = code(s3.get_object, Bucket='kept', Key='k')
listed = s3.list_object_versions(Bucket='kept')
out['versions'] = [len(listed['Versions']), len(listed['DeleteMarkers'])]
out['full'] = code(s3.delete_bucket, Bucket='kept')
boto3.resource('s3').Bucket('kept').object_versions.all().delete()
s3.put_bucket_policy(Bucket='kept', Policy='{"Version": "2012-10-17"}')
out['policy'] = s3.get_bucket_policy(Bucket='kept')['Policy']
s3.put_bucket_tagging(Bucket='kept', Tagging={'TagSet': [{'Key': 'a', 'Value': '1'}]})
out['tags'] = s3.get_bucket_tagging(Bucket='kept')['TagSet']
out['encryption'] = s3.get_bucket_encryption(Bucket='kept')['ServerSideEncryptionConfiguration']['Rules'][0]['ApplyServerSideEncryptionByDefault']['SSEAlgorithm']
s3.put_public_access_block(Bucket='kept', PublicAccessBlockConfiguration={'BlockPublicAcls': True})
out['block'] = s3.get_public_access_block(Bucket='kept')['PublicAccessBlockConfiguration']
out['absent'] = [code(s3.get_bucket_lifecycle_configuration, Bucket='kept'), code(s3.get_bucket_cors, Bucket='kept')]
out['location'] = s3.get_bucket_location(Bucket='kept')['LocationConstraint']
s3.delete_bucket(Bucket='kept')
out['head'] = code(s3.head_bucket, Bucket='kept')`)
  assert.deepEqual(answer, {
    old: '1',
    hidden: ['NoSuchKey', 404],
    versions: [2, 1],
    full: ['BucketNotEmpty', 409],
    policy: '{"Version": "2012-10-17"}',
    tags: [{ Key: 'a', Value: '1' }],
    encryption: 'AES256',
    block: { BlockPublicAcls: true },
    absent: [
      ['NoSuchLifecycleConfiguration', 404],
      ['NoSuchCORSConfiguration', 404],
    ],
    location: null,
    head: ['404', 404],
  })
})

test('aws s3 makes a bucket, copies a file there and back, lists and removes it', async () => {
  const file = join(dir, 'file.txt')
  writeFileSync(file, 'by the command line')
  const aws = async (...args: string[]): Promise<string> => {
    const ran = await runClient('aws', ['s3', ...args], fnscope.clientEnv)
    assert.equal(ran.code, 0, ran.stderr)
    return ran.stdout
  }
  await aws('mb', 's3://by-cli')
  await aws('cp', file, 's3://by-cli/deep/file.txt')
  assert.match(await aws('ls', 's3://by-cli', '--recursive'), /19 deep\/file\.txt\n/)
  await aws('cp', 's3://by-cli/deep/file.txt', join(dir, 'back.txt'))
  assert.equal(readFileSync(join(dir, 'back.txt'), 'utf8'), 'by the command line')
  await aws('rb', 's3://by-cli', '--force')
})

test('STS says who calls, also after a role was assumed', async () => {
  const answer = await boto<Record<string, unknown>>(`
sts = boto3.client('sts')
out['own'] = sts.get_caller_identity()['Account']
c = sts.assume_role(RoleArn='arn:aws:iam::000000000000:role/path/deployer', RoleSessionName='me', DurationSeconds=900)['Credentials']
as_role = boto3.client('sts', aws_access_key_id=c['AccessKeyId'], aws_secret_access_key=c['SecretAccessKey'], aws_session_token=c['SessionToken'])
out['role'] = as_role.get_caller_identity()['Arn']
out['session'] = sorted(sts.get_session_token()['Credentials'])
out['bad'] = code(sts.assume_role, RoleArn='arn:aws:iam::000000000000:user/x', RoleSessionName='me')`)
  assert.deepEqual(answer, {
    own: '000000000000',
    role: 'arn:aws:sts::000000000000:assumed-role/deployer/me',
    session: ['AccessKeyId', 'Expiration', 'SecretAccessKey', 'SessionToken'],
    bad: ['ValidationError', 400],
  })
})

test('parameters have versions, paths and secrets', async () => {
  const answer = await boto<Record<string, unknown>>(`
ssm = boto3.client('ssm')
ssm.put_parameter(Name='/app/db/url', Value='one', Type='String', Tags=[{'Key': 'a', 'Value': '1'}])
out['exists'] = code(ssm.put_parameter, Name='/app/db/url', Value='two', Type='String')
out['version'] = ssm.put_parameter(Name='/app/db/url', Value='two', Overwrite=True)['Version']
ssm.put_parameter(Name='/app/key', Value='secret', Type='SecureString')
got = ssm.get_parameter(Name='/app/db/url')['Parameter']
out['got'] = [got['Value'], got['Version'], got['ARN']]
out['first'] = ssm.get_parameter(Name='/app/db/url:1')['Parameter']['Value']
out['sealed'] = ssm.get_parameter(Name='/app/key')['Parameter']['Value'] != 'secret'
out['path'] = [p['Name'] for p in ssm.get_parameters_by_path(Path='/app')['Parameters']]
out['deep'] = [[p['Name'], p['Value']] for p in ssm.get_parameters_by_path(Path='/app', Recursive=True, WithDecryption=True)['Parameters']]
some = ssm.get_parameters(Names=['/app/key', '/none'])
out['some'] = [len(some['Parameters']), some['InvalidParameters']]
out['described'] = [p['Name'] for p in ssm.describe_parameters(ParameterFilters=[{'Key': 'Name', 'Option': 'BeginsWith', 'Values': ['/app/d']}])['Parameters']]
out['none'] = [code(ssm.get_parameter, Name='/none'), code(ssm.delete_parameter, Name='/none')]
ssm.delete_parameter(Name='/app/key')
out['deleted'] = code(ssm.get_parameter, Name='/app/key')`)
  assert.deepEqual(answer, {
    exists: ['ParameterAlreadyExists', 400],
    version: 2,
    got: ['two', 2, 'arn:aws:ssm:us-east-1:000000000000:parameter/app/db/url'],
    first: 'one',
    sealed: true,
    path: ['/app/key'],
    deep: [
      ['/app/db/url', 'two'],
      ['/app/key', 'secret'],
    ],
    some: [1, ['/none']],
    described: ['/app/db/url'],
    none: [
      ['ParameterNotFound', 400],
      ['ParameterNotFound', 400],
    ],
    deleted: ['ParameterNotFound', 400],
  })
})

test('roles take policies, attached and inline, and go when they have none', async () => {
  const answer = await boto<Record<string, unknown>>(`
iam = boto3.client('iam')
trust = json.dumps({'Version': '2012-10-17', 'Statement': []})
role = iam.create_role(RoleName='worker', AssumeRolePolicyDocument=trust, Tags=[{'Key': 'a', 'Value': '1'}])['Role']
out['role'] = [role['Arn'], role['AssumeRolePolicyDocument'], role['Tags']]
policy = iam.create_policy(PolicyName='mine', PolicyDocument=trust)['Policy']['Arn']
for arn in (policy, 'arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess'): iam.attach_role_policy(RoleName='worker', PolicyArn=arn)
iam.put_role_policy(RoleName='worker', PolicyName='own', PolicyDocument=trust)
out['attached'] = [p['PolicyName'] for p in iam.list_attached_role_policies(RoleName='worker')['AttachedPolicies']]
out['inline'] = iam.list_role_policies(RoleName='worker')['PolicyNames']
out['document'] = iam.get_role_policy(RoleName='worker', PolicyName='own')['PolicyDocument']
out['refused'] = [code(iam.delete_role, RoleName='worker'), code(iam.delete_policy, PolicyArn=policy), code(iam.create_role, RoleName='worker', AssumeRolePolicyDocument=trust), code(iam.get_role, RoleName='nobody')]
for arn in (policy, 'arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess'): iam.detach_role_policy(RoleName='worker', PolicyArn=arn)
iam.delete_role_policy(RoleName='worker', PolicyName='own')
iam.delete_role(RoleName='worker'); iam.delete_policy(PolicyArn=policy)
out['left'] = [r['RoleName'] for r in iam.list_roles()['Roles'] if r['RoleName'] == 'worker']`)
  assert.deepEqual(answer, {
    role: [
      'arn:aws:iam::000000000000:role/worker',
      { Version: '2012-10-17', Statement: [] },
      [{ Key: 'a', Value: '1' }],
    ],
    attached: ['mine', 'AWSXRayDaemonWriteAccess'],
    inline: ['own'],
    document: { Version: '2012-10-17', Statement: [] },
    refused: [
      ['DeleteConflict', 409],
      ['DeleteConflict', 409],
      ['EntityAlreadyExists', 409],
      ['NoSuchEntity', 404],
    ],
    left: [],
  })
})

test('ECR keeps repositories and says that it has no registry', async () => {
  const answer = await boto<Record<string, unknown>>(`
ecr = boto3.client('ecr')
out['uri'] = ecr.create_repository(repositoryName='app')['repository']['repositoryUri']
out['again'] = code(ecr.create_repository, repositoryName='app')
try: ecr.get_authorization_token()
except ClientError as e: out['token'] = 'no container registry' in e.response['Error']['Message']
ecr.delete_repository(repositoryName='app', force=True)
out['gone'] = code(ecr.describe_repositories, repositoryNames=['app'])`)
  assert.deepEqual(answer, {
    uri: '000000000000.dkr.ecr.us-east-1.amazonaws.com/app',
    again: ['RepositoryAlreadyExistsException', 400],
    token: true,
    gone: ['RepositoryNotFoundException', 400],
  })
})

test('buckets, parameters and roles are there after a restart; a request without a signature is not S3', async () => {
  await boto(`
s3.create_bucket(Bucket='lasting'); s3.put_object(Bucket='lasting', Key='k', Body=b'still here', Metadata={'m': '1'})
boto3.client('ssm').put_parameter(Name='/lasting', Value='v', Type='String')
boto3.client('iam').create_role(RoleName='lasting', AssumeRolePolicyDocument='{}')`)
  await fnscope.stop()
  fnscope = await startFnscope({ dataDir })
  const answer = await boto<Record<string, unknown>>(`
got = s3.get_object(Bucket='lasting', Key='k')
out['s3'] = [got['Body'].read().decode(), got['Metadata']]
out['ssm'] = boto3.client('ssm').get_parameter(Name='/lasting')['Parameter']['Value']
out['iam'] = boto3.client('iam').get_role(RoleName='lasting')['Role']['RoleName']`)
  assert.deepEqual(answer, { s3: ['still here', { m: '1' }], ssm: 'v', iam: 'lasting' })
  const unsigned = await fetch(`${fnscope.url}/lasting/k`)
  assert.equal(unsigned.status, 404)
  const mounted = await fetch(`${fnscope.url}/.s3/lasting/k`)
  assert.equal(mounted.status, 403)
})
