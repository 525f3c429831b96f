// The variables of one execution environment, in the cloud's precedence: preset < the function's own < runtime < platform.
import { delimiter, join } from 'node:path'
import { hasDatadogLibrary } from './datadog-library.ts'
import { fcVariables } from './fc-variables.ts'
import { versionOf, type FunctionSpec } from './function-spec.ts'
import { locate, type FunctionPaths } from './isolation/function-paths.ts'
import type { Launch } from './runtimes/launch.ts'

export interface HostVariables {
  readonly region: string
  readonly accountId: string
  /** host:port of the X-Ray daemon's door; undefined when it is closed. */
  readonly daemonAddress: string | undefined
  /** Where the function's AWS calls go unless it says otherwise. */
  readonly endpointUrl: string | undefined
  /** What the endpoint knows this machine's functions by. */
  readonly accessKeyId: string
}

/** Names that the cloud refuses in a function's configuration; a template that sets one is overruled. */
export const RESERVED_VARIABLES: ReadonlySet<string> = new Set([
  '_HANDLER',
  '_X_AMZN_TRACE_ID',
  'AWS_DEFAULT_REGION',
  'AWS_REGION',
  'AWS_EXECUTION_ENV',
  'AWS_LAMBDA_FUNCTION_NAME',
  'AWS_LAMBDA_FUNCTION_VERSION',
  'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
  'AWS_LAMBDA_INITIALIZATION_TYPE',
  'AWS_LAMBDA_LOG_GROUP_NAME',
  'AWS_LAMBDA_LOG_STREAM_NAME',
  'AWS_ACCESS_KEY',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_LAMBDA_RUNTIME_API',
  'LAMBDA_TASK_ROOT',
  'LAMBDA_RUNTIME_DIR',
])

function xray(address: string | undefined): Record<string, string> {
  if (address === undefined) return {}
  const colon = address.lastIndexOf(':')
  return {
    AWS_XRAY_DAEMON_ADDRESS: address,
    _AWS_XRAY_DAEMON_ADDRESS: address.slice(0, colon),
    _AWS_XRAY_DAEMON_PORT: address.slice(colon + 1),
  }
}

/** @param runtimeApi host:port, no scheme */
export function environmentVariables(
  spec: FunctionSpec,
  launch: Launch,
  options: {
    readonly host: HostVariables
    readonly runtimeApi: string
    readonly logStream: string
    readonly initializationType: string
    /** Where things are, if not at the cloud's places. */
    readonly sandbox: Readonly<Record<string, string>>
  },
): Record<string, string> {
  if (spec.fc !== undefined) return fcVariables(spec, launch, options)
  const { host } = options
  const { paths } = launch
  const own = Object.entries(spec.environment)
    .filter(([name]) => !RESERVED_VARIABLES.has(name))
    .map(([name, value]) => [name, locateAll(value, paths)] as const)
  return {
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    PATH: [...launch.binDirs, '/usr/local/bin', '/usr/bin', '/bin'].join(delimiter),
    AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
    ...xray(host.daemonAddress),
    // Datadog's library would otherwise send its metrics over the internet at the end of every invocation.
    ...(hasDatadogLibrary(spec) && { DD_FLUSH_TO_LOG: 'true' }),
    ...(host.endpointUrl === undefined ? {} : { AWS_ENDPOINT_URL: host.endpointUrl }),
    LD_LIBRARY_PATH: libraryDirs(paths).join(delimiter),
    ...options.sandbox,
    ...Object.fromEntries(own),
    ...launch.variables,
    ...logging(spec),
    _HANDLER: spec.handler,
    AWS_REGION: host.region,
    AWS_DEFAULT_REGION: host.region,
    // A runtime of one's own has none.
    ...(spec.runtime.startsWith('provided') ? {} : { AWS_EXECUTION_ENV: `AWS_Lambda_${spec.runtime}` }),
    AWS_LAMBDA_FUNCTION_NAME: spec.name,
    AWS_LAMBDA_FUNCTION_VERSION: versionOf(spec),
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(spec.memoryMb),
    AWS_LAMBDA_INITIALIZATION_TYPE: options.initializationType,
    AWS_LAMBDA_LOG_GROUP_NAME: spec.logGroup,
    AWS_LAMBDA_LOG_STREAM_NAME: options.logStream,
    AWS_LAMBDA_RUNTIME_API: options.runtimeApi,
    AWS_ACCESS_KEY_ID: host.accessKeyId,
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_SESSION_TOKEN: 'local',
    LAMBDA_TASK_ROOT: paths.task,
    // The runtime's stream of framed log events: environment.ts opens this descriptor.
    _LAMBDA_TELEMETRY_LOG_FD: '3',
  }
}

function libraryDirs({ task, opt }: FunctionPaths): string[] {
  return [task, join(task, 'lib'), ...(opt === undefined ? [] : [join(opt, 'lib')])]
}

/** Each path of the cloud's in a value, as in `--require /opt/wrapper.js` or `/opt/a:/var/task/b`, where it lies here. */
function locateAll(value: string, paths: FunctionPaths): string {
  return value.replaceAll(/(?<![^\s:,;='"])\/(?:opt|var\/task)\/[^\s:,;'"]*/g, (path) => locate(path, paths))
}

function logging(spec: FunctionSpec): Record<string, string> {
  if (spec.logFormat !== 'JSON') return { AWS_LAMBDA_LOG_FORMAT: 'Text' }
  return { AWS_LAMBDA_LOG_FORMAT: 'JSON', AWS_LAMBDA_LOG_LEVEL: spec.applicationLogLevel ?? 'INFO' }
}
