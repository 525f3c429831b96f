// One AWS::Serverless::Function or AWS::Lambda::Function to a FunctionSpec, with the cloud's limits checked here so that
// an app that runs locally also deploys.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FnscopeError } from '../errors.ts'
import type { FunctionSpec, SegmentStyle } from '../functions/function-spec.ts'
import { isDirectory, pathFrom, Properties, type AppContext } from './app-context.ts'
import { readAsynchronous } from './asynchronous.ts'
import { buildRequirements } from './build.ts'
import { readEnvironment } from './environment-variables.ts'
import { writeInlineCode } from './inline-code.ts'
import { textOf } from './intrinsics.ts'
import { readLayers } from './layer.ts'
import { whyNoRuntime } from './runtime-names.ts'
import { isArchive, s3PlaceOf } from './s3-place.ts'
import { describe, invalid, isList, isMap, mapAt, spell, typeOf } from './template-value.ts'
import { choiceOf, integerOf } from './value-reader.ts'

const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'] as const
const SYSTEM_LEVELS = ['DEBUG', 'INFO', 'WARN'] as const

/** Undefined, with a notice, for a function that lives in an image. @throws FnscopeError */
export async function readFunction(context: AppContext, logicalId: string): Promise<FunctionSpec | undefined> {
  const properties = new Properties(context, logicalId)
  const resource = mapAt(context.resources[logicalId], `Resources.${logicalId}`)
  const sam = resource['Type'] === 'AWS::Serverless::Function'
  if (properties.text('PackageType') === 'Image' || properties.raw['ImageUri'] !== undefined) {
    context.notice(`${logicalId} (${typeOf(resource)}) is a container image: not emulated.`)
    return undefined
  }
  const runtime = properties.text('Runtime')
  if (!runtime) {
    throw invalid(`${context.file}: function ${logicalId} has no Runtime. Add one, for example Runtime: python3.11.`)
  }
  const unknown = whyNoRuntime(runtime)
  if (unknown !== undefined) throw invalid(`${properties.at('Runtime')}: ${unknown}.`)
  const handler = readHandler(context, logicalId, properties, runtime)
  const name = checkName(context.scope.nameOf(logicalId, properties.place), properties)
  const environment = readEnvironment(properties)
  const codeDir = await readCode(context, logicalId, properties, runtime)
  const logging = properties.map('LoggingConfig')
  const description = properties.text('Description') ?? ''
  const architectures = properties.value('Architectures')
  const architecture = isList(architectures) ? spell(architectures[0] ?? 'x86_64') : 'x86_64'
  const reservedConcurrency = properties.integer('ReservedConcurrentExecutions', 0, 100_000)
  const storage = properties.map('EphemeralStorage')['Size']
  const layers = await readLayers(context, properties, runtime)
  return {
    name,
    logicalId,
    stack: context.seed.stack,
    runtime,
    handler,
    codeDir,
    dependencyDirs: await readDependencies(context, logicalId, { codeDir, runtime }),
    layerDirs: layers.dirs,
    ...(layers.datakit ? { datakitLayer: true } : {}),
    environment,
    timeoutSeconds: properties.integer('Timeout', 1, 900) ?? 3,
    memoryMb: properties.integer('MemorySize', 128, 10_240) ?? 128,
    tracing: readTracing(properties, sam),
    segmentStyle: readStyle(context, resource['Metadata'], environment, properties),
    ...readLogging(properties, logging),
    logGroup:
      logging['LogGroup'] === undefined
        ? `/aws/lambda/${name}`
        : textOf(logging['LogGroup'], properties.at('LoggingConfig.LogGroup')),
    architecture: choiceOf(architecture, properties.at('Architectures'), ['x86_64', 'arm64']),
    ephemeralStorageMb:
      storage === undefined ? 512 : integerOf(storage, properties.at('EphemeralStorage.Size'), 512, 10_240),
    ...(reservedConcurrency === undefined ? {} : { reservedConcurrency }),
    ...readAsynchronous(context, name, properties),
    description,
    tags: readTags(context, logicalId, properties, sam),
  }
}

function readHandler(context: AppContext, logicalId: string, properties: Properties, runtime: string): string {
  const handler = properties.text('Handler')
  // A custom runtime's bootstrap may ignore the handler, yet the cloud wants one in the template all the same.
  if (!handler) {
    const example = runtime.startsWith('nodejs')
      ? 'index.handler'
      : runtime.startsWith('python')
        ? 'app.lambda_handler'
        : 'bootstrap'
    throw new FnscopeError(
      'FNS_TEMPLATE_NO_HANDLER',
      `${context.file}: function ${logicalId} has no Handler. Add one, for example Handler: ${example}.`,
    )
  }
  if (handler.length > 128 || /\s/.test(handler)) {
    throw invalid(`${properties.at('Handler')} must have at most 128 characters and no blanks, not "${handler}".`)
  }
  return handler
}

function checkName(name: string, properties: Properties): string {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(name)) {
    throw invalid(`${properties.at('FunctionName')} must be 1 to 64 letters, digits, - or _, not "${name}".`)
  }
  return name
}

async function readCode(
  context: AppContext,
  logicalId: string,
  properties: Properties,
  runtime: string,
): Promise<string> {
  const code = properties.value('CodeUri') ?? properties.value('Code')
  const inline =
    properties.text('InlineCode') ?? (isMap(code) && typeof code['ZipFile'] === 'string' ? code['ZipFile'] : undefined)
  if (inline !== undefined) return writeInlineCode(inline, runtime, context.build.cacheDir)
  const where = `${context.file}: function ${logicalId}`
  if (code === undefined)
    throw notFound(`${where} has no CodeUri. Name the directory with its code: CodeUri: hello_world/`)
  const place = s3PlaceOf(code)
  if (place !== undefined) {
    const unpacked = await context.files.unpacked?.(place, logicalId)
    if (unpacked !== undefined) return unpacked
    throw notFound(
      `${where}: Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not ` +
        `exist. (s3://${place.bucket}/${place.key})`,
    )
  }
  if (typeof code !== 'string') throw notFound(`${where} has ${describe(code)} for its code; a directory is wanted.`)
  const dir = pathFrom(context, code)
  const unpacked = isArchive(dir) ? await context.files.archive?.(dir) : undefined
  if (unpacked !== undefined) return unpacked
  if (!(await isDirectory(dir))) {
    throw notFound(
      `${where} has CodeUri ${code}, and ${dir} is no directory. Correct the path, or run \`sam build\` first.`,
    )
  }
  return dir
}

async function readDependencies(
  context: AppContext,
  logicalId: string,
  code: { readonly codeDir: string; readonly runtime: string },
): Promise<string[]> {
  if (context.built || !code.runtime.startsWith('python')) return []
  const text = await readFile(join(code.codeDir, 'requirements.txt'), 'utf8').catch(() => '')
  const wants = { runtime: code.runtime, text, dir: code.codeDir, label: `function ${logicalId}` }
  const build = await buildRequirements(wants, context.build)
  return build ? [build.pythonDir] : []
}

function readTracing(properties: Properties, sam: boolean): FunctionSpec['tracing'] {
  const modes = ['Active', 'PassThrough', 'Disabled'] as const
  const native = properties.map('TracingConfig')['Mode']
  const mode = sam
    ? properties.oneOf('Tracing', modes)
    : native === undefined
      ? undefined
      : choiceOf(textOf(native, properties.at('TracingConfig.Mode')), properties.at('TracingConfig.Mode'), modes)
  return mode === 'Active' ? 'Active' : 'PassThrough'
}

function readStyle(
  context: AppContext,
  metadata: Parameters<typeof isMap>[0],
  environment: Readonly<Record<string, string>>,
  properties: Properties,
): SegmentStyle {
  if (context.segmentStyle !== undefined) return context.segmentStyle
  const own = isMap(metadata) && isMap(metadata['fnscope']) ? metadata['fnscope']['SegmentStyle'] : undefined
  const style = own ?? environment['FNSCOPE_SEGMENT_STYLE'] ?? 'new'
  const place =
    own === undefined
      ? properties.at('Environment.Variables.FNSCOPE_SEGMENT_STYLE')
      : `${context.file}: Metadata.fnscope.SegmentStyle of ${properties.place}`
  return choiceOf(textOf(style, place), place, ['old', 'new'])
}

function readLogging(
  properties: Properties,
  logging: ReturnType<Properties['map']>,
): Pick<FunctionSpec, 'logFormat' | 'applicationLogLevel' | 'systemLogLevel'> {
  const choice = <T extends string>(key: string, allowed: readonly T[]): T | undefined => {
    const value = logging[key]
    const place = properties.at(`LoggingConfig.${key}`)
    return value === undefined ? undefined : choiceOf(textOf(value, place), place, allowed)
  }
  const logFormat = choice('LogFormat', ['Text', 'JSON']) ?? 'Text'
  const applicationLogLevel = choice('ApplicationLogLevel', LEVELS)
  const systemLogLevel = choice('SystemLogLevel', SYSTEM_LEVELS)
  if (logFormat === 'Text' && (applicationLogLevel ?? systemLogLevel) !== undefined) {
    throw invalid(`${properties.at('LoggingConfig')} sets a log level; that needs LogFormat: JSON.`)
  }
  return {
    logFormat,
    ...(applicationLogLevel === undefined ? {} : { applicationLogLevel }),
    ...(systemLogLevel === undefined ? {} : { systemLogLevel }),
  }
}

// SAM's tags are a map, CloudFormation's a list of Key and Value; SAM adds one of its own.
function readTags(
  context: AppContext,
  logicalId: string,
  properties: Properties,
  sam: boolean,
): Record<string, string> {
  const value = properties.value('Tags')
  const place = properties.at('Tags')
  const tags: Record<string, string> = {
    'aws:cloudformation:stack-name': context.seed.stack,
    'aws:cloudformation:logical-id': logicalId,
    ...(sam ? { 'lambda:createdBy': 'SAM' } : {}),
  }
  if (isList(value)) {
    for (const tag of value) {
      const pair = mapAt(tag, place)
      tags[textOf(pair['Key'], place)] = textOf(pair['Value'], place)
    }
  } else {
    for (const [key, tag] of Object.entries(mapAt(value, place))) tags[key] = textOf(tag, `${place}.${key}`)
  }
  return tags
}

function notFound(message: string): FnscopeError {
  return new FnscopeError('FNS_CODE_NOT_FOUND', message)
}
