// Lambda's layers: publish, list, get, delete, and who may use them.
import type { FunctionCode } from '../control/functions/function-code.ts'
import type { LayerVersion } from '../control/functions/function-record.ts'
import { newRevision } from '../control/functions/functions.ts'
import { listIn, objectIn, textIn } from './aws-input.ts'
import {
  conflict,
  invalidParameter,
  notFound,
  timeText,
  type LambdaCall,
  type LambdaContext,
  type LambdaRoute,
} from './lambda-context.ts'
import { pageIn } from './lambda-versions.ts'
import { pageOf } from './page.ts'

const BASE = '/2018-10-31/layers'

export function layerRoutes(context: LambdaContext): readonly LambdaRoute[] {
  const { functions, region, accountId } = context
  const nameIn = ({ params }: LambdaCall): string =>
    (params['layer'] ?? '').replace(/^arn:[\w-]+:lambda:[\w-]*:\d*:layer:/, '')
  const find = (call: LambdaCall): LayerVersion => {
    const [name, version] = [nameIn(call), Number(call.params['version'])]
    const found = functions.layers().find((one) => one.name === name && one.version === version)
    if (found === undefined) throw notFound('The resource you requested does not exist.')
    return found
  }
  const layerArn = (name: string): string => `arn:aws:lambda:${region}:${accountId}:layer:${name}`
  const shown = (layer: LayerVersion): object => ({
    LayerVersionArn: functions.layerArn(layer),
    Version: layer.version,
    Description: layer.description,
    CreatedDate: timeText(layer.createdMs),
    CompatibleRuntimes: layer.runtimes,
    CompatibleArchitectures: layer.architectures,
    ...(layer.license !== undefined && { LicenseInfo: layer.license }),
  })
  const whole = (layer: LayerVersion): object => ({
    ...shown(layer),
    LayerArn: layerArn(layer.name),
    Content: { Location: `file://${layer.dir}`, CodeSha256: layer.codeSha256, CodeSize: layer.codeSize },
  })
  const replace = (layer: LayerVersion): void =>
    functions.putLayers(
      functions.layers().map((one) => (one.name === layer.name && one.version === layer.version ? layer : one)),
    )
  return [
    {
      method: 'POST',
      path: `${BASE}/:layer/versions`,
      status: 201,
      run: (call) => {
        const { input } = call
        const name = nameIn(call)
        if (!/^[a-zA-Z0-9-_]{1,140}$/.test(name))
          throw invalidParameter(
            `1 validation error detected: Value '${name}' at 'layerName' failed to satisfy constraint: Member must satisfy regular expression pattern: (arn:[a-zA-Z0-9-]+:lambda:[a-zA-Z0-9-]+:\\d{12}:layer:[a-zA-Z0-9-_]+)|[a-zA-Z0-9-_]+`,
          )
        const content = contentOf(context.code, objectIn(input, 'Content') ?? {})
        const license = textIn(input, 'LicenseInfo')
        const layer: LayerVersion = {
          name,
          version: functions.nextLayerVersion(name),
          createdMs: Date.now(),
          description: textIn(input, 'Description') ?? '',
          runtimes: texts(listIn(input, 'CompatibleRuntimes')),
          architectures: texts(listIn(input, 'CompatibleArchitectures')),
          ...(license !== undefined && { license }),
          codeSha256: content.sha256,
          codeSize: content.size,
          dir: content.dir,
        }
        functions.putLayers([...functions.layers(), layer])
        return whole(layer)
      },
    },
    {
      method: 'GET',
      path: BASE,
      status: 200,
      run: (call) => {
        if (call.query['find'] === 'LayerVersion') {
          const found = functions.layerByArn(call.query['Arn'] ?? '')
          if (found === undefined) throw notFound('The resource you requested does not exist.')
          return whole(found)
        }
        const runtime = call.query['CompatibleRuntime']
        const fitting = functions.layers().filter((one) => runtime === undefined || one.runtimes.includes(runtime))
        const latest = new Map(fitting.map((one) => [one.name, one]))
        const { items, next } = pageOf([...latest.values()], pageIn(call))
        return {
          Layers: items.map((one) => ({
            LayerName: one.name,
            LayerArn: layerArn(one.name),
            LatestMatchingVersion: shown(one),
          })),
          ...(next !== undefined && { NextMarker: next }),
        }
      },
    },
    {
      method: 'GET',
      path: `${BASE}/:layer/versions`,
      status: 200,
      run: (call) => {
        const name = nameIn(call)
        const { items, next } = pageOf(
          functions
            .layers()
            .filter((one) => one.name === name)
            .toReversed(),
          pageIn(call),
        )
        return { LayerVersions: items.map(shown), ...(next !== undefined && { NextMarker: next }) }
      },
    },
    { method: 'GET', path: `${BASE}/:layer/versions/:version`, status: 200, run: (call) => whole(find(call)) },
    {
      method: 'DELETE',
      path: `${BASE}/:layer/versions/:version`,
      status: 204,
      run: (call) => {
        const [name, version] = [nameIn(call), Number(call.params['version'])]
        functions.putLayers(functions.layers().filter((one) => one.name !== name || one.version !== version))
        return undefined
      },
    },
    {
      method: 'POST',
      path: `${BASE}/:layer/versions/:version/policy`,
      status: 201,
      run: (call) => {
        const layer = find(call)
        const sid = textIn(call.input, 'StatementId') ?? ''
        const statements = layer.policy?.statements ?? []
        if (statements.some((one) => one.Sid === sid))
          throw conflict(
            `The statement id (${sid}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
          )
        const statement = {
          Sid: sid,
          Effect: 'Allow',
          Principal: textIn(call.input, 'Principal') ?? '*',
          Action: textIn(call.input, 'Action') ?? 'lambda:GetLayerVersion',
          Resource: functions.layerArn(layer),
        }
        const policy = { revisionId: newRevision(), statements: [...statements, statement] }
        replace({ ...layer, policy })
        return { Statement: JSON.stringify(statement), RevisionId: policy.revisionId }
      },
    },
    {
      method: 'GET',
      path: `${BASE}/:layer/versions/:version/policy`,
      status: 200,
      run: (call) => {
        const { policy } = find(call)
        if (policy === undefined || policy.statements.length === 0)
          throw notFound('No policy is associated with the given resource.')
        const document = { Version: '2012-10-17', Id: 'default', Statement: policy.statements }
        return { Policy: JSON.stringify(document), RevisionId: policy.revisionId }
      },
    },
    {
      method: 'DELETE',
      path: `${BASE}/:layer/versions/:version/policy/:sid`,
      status: 204,
      run: (call) => {
        const layer = find(call)
        const statements = (layer.policy?.statements ?? []).filter((one) => one.Sid !== call.params['sid'])
        replace({ ...layer, policy: { revisionId: newRevision(), statements } })
        return undefined
      },
    },
  ]
}

function contentOf(code: FunctionCode, content: Parameters<typeof textIn>[0]): ReturnType<FunctionCode['fromZip']> {
  const [zip, bucket, key] = [textIn(content, 'ZipFile'), textIn(content, 'S3Bucket'), textIn(content, 'S3Key')]
  if (zip !== undefined) return code.fromZip(Buffer.from(zip, 'base64'))
  if (bucket !== undefined && key !== undefined) return code.fromBucket(bucket, key, textIn(content, 'S3ObjectVersion'))
  throw invalidParameter('Please provide a source for layer content.')
}

function texts(list: readonly unknown[] | undefined): readonly string[] {
  return (list ?? []).filter((one) => typeof one === 'string')
}
