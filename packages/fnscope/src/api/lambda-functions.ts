// Lambda's functions: create, read, change, delete.
import type { JsonObject } from '../codec/json.ts'
import type { UnpackedCode } from '../control/code-store.ts'
import { blankRecord, type FunctionRecord, type FunctionState } from '../control/functions/function-record.ts'
import { newRevision } from '../control/functions/functions.ts'
import { publishVersion } from '../control/functions/publish-version.ts'
import { grantXrayWrite } from '../control/xray-rights.ts'
import { whyNoRuntime } from '../deploy/runtime-names.ts'
import type { TemplateMap } from '../deploy/template-value.ts'
import type { FunctionSpec } from '../functions/function-spec.ts'
import { booleanIn, listIn, numberIn, objectIn, textIn, textsIn } from './aws-input.ts'
import { functionConfiguration } from './function-configuration.ts'
import {
  checkRevision,
  conflict,
  invalidParameter,
  namedIn,
  recordIn,
  refuseQualifier,
  stateOf,
  type LambdaCall,
  type LambdaContext,
  type LambdaRoute,
} from './lambda-context.ts'
import { pageIn } from './lambda-versions.ts'
import { pageOf } from './page.ts'
import { ServiceError } from './service-error.ts'

const BASE = '/2015-03-31/functions'
/** Kept and shown; they change nothing here. */
const SETTINGS = ['VpcConfig', 'KMSKeyArn', 'FileSystemConfigs', 'ImageConfig']
/** Of a configuration that a template's properties say under the same name. */
const PROPERTIES = [
  'Description',
  'Handler',
  'Runtime',
  'Timeout',
  'MemorySize',
  'Environment',
  'TracingConfig',
  'LoggingConfig',
  'EphemeralStorage',
  'Layers',
  'Architectures',
  'DeadLetterConfig',
]

export function functionRoutes(context: LambdaContext): readonly LambdaRoute[] {
  const { functions } = context
  return [
    {
      method: 'POST',
      path: BASE,
      status: 201,
      run: async ({ input }) => {
        const name = nameIn(input)
        if (functions.find(name)?.name === name) throw conflict(`Function already exist: ${name}`)
        const roleArn = textIn(input, 'Role') ?? ''
        if (!/^arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role\/?[a-zA-Z_0-9+=,.@\-_/]+$/.test(roleArn))
          throw invalidParameter(
            `1 validation error detected: Value '${roleArn}' at 'role' failed to satisfy constraint: Member must satisfy regular expression pattern: arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+`,
          )
        checkRuntime(input)
        const code = codeIn(context, objectIn(input, 'Code') ?? {})
        const properties = propertiesIn(input)
        const read = await context.code.specOf(name, properties, code.dir)
        const spec: FunctionSpec = { ...read, stack: '', logicalId: name, tags: textsIn(input, 'Tags') ?? {} }
        const record: FunctionRecord = {
          ...blankRecord(name),
          own: true,
          spec,
          roleArn,
          layerArns: layersIn(input) ?? [],
          codeSha256: code.sha256,
          codeSize: code.size,
          modifiedMs: Date.now(),
          revisionId: newRevision(),
          settings: settingsIn(input),
        }
        await functions.put(record)
        if (spec.tracing === 'Active') grantXrayWrite(context.roles, roleArn)
        if (booleanIn(input, 'Publish') === true)
          return functionConfiguration(await publishVersion(context.functions, record, ''), context)
        return functionConfiguration(record, context)
      },
    },
    {
      method: 'GET',
      path: BASE,
      status: 200,
      run: (call) => {
        const every = call.query['FunctionVersion'] === 'ALL'
        const all = functions
          .all()
          .flatMap((record) => [
            functionConfiguration(record, context, every ? '$LATEST' : undefined),
            ...(every ? record.versions.map((one) => functionConfiguration(one, context)) : []),
          ])
        const { items, next } = pageOf(all, pageIn(call))
        return { Functions: items, ...(next !== undefined && { NextMarker: next }) }
      },
    },
    {
      method: 'GET',
      path: `${BASE}/:name`,
      status: 200,
      run: (call) => {
        const record = recordIn(context, call)
        const { qualifier } = namedIn(call)
        const state = stateOf(context, record, qualifier)
        const { reservedConcurrency, tags } = record.spec
        return {
          Configuration: functionConfiguration(state, context, qualifier),
          Code: { RepositoryType: 'S3', Location: `file://${state.spec.codeDir}` },
          ...(Object.keys(tags).length > 0 && { Tags: tags }),
          ...(reservedConcurrency !== undefined && {
            Concurrency: { ReservedConcurrentExecutions: reservedConcurrency },
          }),
        }
      },
    },
    {
      method: 'GET',
      path: `${BASE}/:name/configuration`,
      status: 200,
      run: (call) => {
        const { qualifier } = namedIn(call)
        return functionConfiguration(stateOf(context, recordIn(context, call), qualifier), context, qualifier)
      },
    },
    {
      method: 'PUT',
      path: `${BASE}/:name/configuration`,
      status: 200,
      run: (call) => updateConfiguration(context, call),
    },
    { method: 'PUT', path: `${BASE}/:name/code`, status: 200, run: (call) => updateCode(context, call) },
    { method: 'DELETE', path: `${BASE}/:name`, status: 204, run: (call) => deleteFunction(context, call) },
  ]
}

async function updateConfiguration(context: LambdaContext, call: LambdaCall): Promise<object> {
  const record = recordIn(context, call)
  const { input } = call
  refuseQualifier(call)
  checkRevision(textIn(input, 'RevisionId'), record.revisionId)
  checkRuntime(input)
  const layers = layersIn(input)
  const properties = { ...propertiesOf(record), ...propertiesIn(input) }
  const read = await context.code.specOf(record.name, properties, record.spec.codeDir)
  const { spec: before } = record
  const kept = layers === undefined ? { layerDirs: before.layerDirs } : {}
  const changed: FunctionRecord = {
    ...touched(record),
    spec: { ...before, ...read, ...identityOf(before), ...kept },
    roleArn: textIn(input, 'Role') ?? record.roleArn,
    layerArns: layers ?? record.layerArns,
    settings: { ...record.settings, ...settingsIn(input) },
  }
  await context.functions.put(changed)
  if (changed.spec.tracing === 'Active' && before.tracing !== 'Active') grantXrayWrite(context.roles, changed.roleArn)
  return functionConfiguration(changed, context)
}

async function updateCode(context: LambdaContext, call: LambdaCall): Promise<object> {
  const record = recordIn(context, call)
  const { input } = call
  refuseQualifier(call)
  checkRevision(textIn(input, 'RevisionId'), record.revisionId)
  const code = codeIn(context, input)
  const [architecture] = listIn(input, 'Architectures') ?? []
  const changed: FunctionRecord = {
    ...touched(record),
    // What came with the code before was built for that code.
    spec: {
      ...record.spec,
      codeDir: code.dir,
      dependencyDirs: [],
      ...(architecture === 'arm64' || architecture === 'x86_64' ? { architecture } : {}),
    },
    codeSha256: code.sha256,
    codeSize: code.size,
  }
  if (booleanIn(input, 'DryRun') === true) return functionConfiguration(changed, context)
  await context.functions.put(changed)
  if (booleanIn(input, 'Publish') === true)
    return functionConfiguration(await publishVersion(context.functions, changed, ''), context)
  return functionConfiguration(changed, context)
}

async function deleteFunction(context: LambdaContext, call: LambdaCall): Promise<undefined> {
  const record = recordIn(context, call)
  const { qualifier } = namedIn(call)
  if (qualifier === undefined) {
    for (const { spec } of Object.values(record.urls)) context.triggers.removeFunctionUrl(spec.functionName)
    await context.functions.remove(record)
    return undefined
  }
  if (qualifier === '$LATEST')
    throw invalidParameter('$LATEST version cannot be deleted without deleting the function.')
  const holder = record.aliases.find((alias) => alias.version === qualifier || qualifier in alias.weights)
  if (holder !== undefined)
    throw conflict(`Unable to delete version because the following aliases reference it: [${holder.name}]`)
  stateOf(context, record, qualifier)
  await context.functions.put({ ...record, versions: record.versions.filter(({ spec }) => spec.version !== qualifier) })
  return undefined
}

function nameIn(input: JsonObject): string {
  const said = textIn(input, 'FunctionName') ?? ''
  const name = said.slice(said.lastIndexOf(':') + 1)
  if (!/^[a-zA-Z0-9-_]{1,64}$/.test(name))
    throw invalidParameter(
      `1 validation error detected: Value '${said}' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-gov)?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?`,
    )
  return name
}

/** @throws ServiceError InvalidParameterValueException */
function checkRuntime(input: JsonObject): void {
  const why = whyNoRuntime(textIn(input, 'Runtime') ?? 'provided')
  if (why !== undefined) throw invalidParameter(why)
}

function codeIn({ code }: LambdaContext, input: JsonObject): UnpackedCode {
  const [zip, bucket, key] = [textIn(input, 'ZipFile'), textIn(input, 'S3Bucket'), textIn(input, 'S3Key')]
  if (textIn(input, 'ImageUri') !== undefined)
    throw invalidParameter('fnscope does not run functions in container images. Deploy the code as a zip archive.')
  if (zip !== undefined) return code.fromZip(Buffer.from(zip, 'base64'))
  if (bucket !== undefined && key !== undefined) return code.fromBucket(bucket, key, textIn(input, 'S3ObjectVersion'))
  throw invalidParameter('Please provide a source for function code.')
}

function propertiesIn(input: JsonObject): TemplateMap {
  return Object.fromEntries(
    PROPERTIES.filter((name) => input[name] !== undefined && input[name] !== null).map((name) => [
      name,
      input[name] as TemplateMap,
    ]),
  )
}

/** What a template would say of the function as it is; its layers are on its path already. */
function propertiesOf({ spec }: FunctionState): TemplateMap {
  return {
    Description: spec.description,
    Handler: spec.handler,
    Runtime: spec.runtime,
    Timeout: spec.timeoutSeconds,
    MemorySize: spec.memoryMb,
    Environment: { Variables: spec.environment },
    TracingConfig: { Mode: spec.tracing },
    LoggingConfig: {
      LogFormat: spec.logFormat,
      LogGroup: spec.logGroup,
      ...(spec.applicationLogLevel !== undefined && { ApplicationLogLevel: spec.applicationLogLevel }),
      ...(spec.systemLogLevel !== undefined && { SystemLogLevel: spec.systemLogLevel }),
    },
    EphemeralStorage: { Size: spec.ephemeralStorageMb },
    Architectures: [spec.architecture],
  }
}

/** What a change of configuration leaves as it was. */
function identityOf(spec: FunctionSpec): Partial<FunctionSpec> {
  const { name, logicalId, stack, codeDir, dependencyDirs, segmentStyle, tags } = spec
  return { name, logicalId, stack, codeDir, dependencyDirs, segmentStyle, tags }
}

/** Lambda's own pattern, as its messages quote it. */
const LAYER_ARN =
  '(arn:(aws[a-zA-Z-]*)?:lambda:[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:\\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+)|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+)'
const IS_LAYER_ARN = new RegExp(`^(?:${LAYER_ARN})$`)

/** @throws ServiceError ValidationException */
function layersIn(input: JsonObject): readonly string[] | undefined {
  const layers = listIn(input, 'Layers')
  const arns = layers?.filter((one) => typeof one === 'string' && one.length <= 2048 && IS_LAYER_ARN.test(one))
  if (layers === undefined || arns?.length === layers.length) return arns as readonly string[] | undefined
  const said = layers.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join(', ')
  throw new ServiceError(
    'ValidationException',
    `1 validation error detected: Value '[${said}]' at 'layers' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 2048, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: ${LAYER_ARN}, Member must not be null]`,
  )
}

function settingsIn(input: JsonObject): Readonly<Record<string, unknown>> {
  return Object.fromEntries(SETTINGS.filter((name) => input[name] != null).map((name) => [name, input[name]]))
}

export function touched(record: FunctionRecord): FunctionRecord {
  return { ...record, changed: true, modifiedMs: Date.now(), revisionId: newRevision() }
}

export function accountSettings(context: LambdaContext): object {
  const all = context.functions.all()
  const reserved = all.reduce((sum, { spec }) => sum + (spec.reservedConcurrency ?? 0), 0)
  return {
    AccountLimit: {
      TotalCodeSize: 80_530_636_800,
      CodeSizeUnzipped: 262_144_000,
      CodeSizeZipped: 52_428_800,
      ConcurrentExecutions: 1000,
      UnreservedConcurrentExecutions: 1000 - reserved,
    },
    AccountUsage: {
      TotalCodeSize: all.reduce((sum, { codeSize }) => sum + codeSize, 0),
      FunctionCount: all.length,
    },
  }
}

export function reservedOf(context: LambdaContext, call: LambdaCall): number {
  const asked = numberIn(call.input, 'ReservedConcurrentExecutions')
  if (asked === undefined || !Number.isInteger(asked) || asked < 0)
    throw invalidParameter('ReservedConcurrentExecutions must be a whole number from 0.')
  const others = context.functions.all().filter(({ name }) => name !== recordIn(context, call).name)
  const taken = others.reduce((sum, { spec }) => sum + (spec.reservedConcurrency ?? 0), 0)
  if (1000 - taken - asked < 100)
    throw invalidParameter(
      `Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].`,
    )
  return asked
}
