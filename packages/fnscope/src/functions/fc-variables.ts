// The variables of one instance of Function Compute: the function's own, under those of the platform, FC_… .
import { delimiter } from 'node:path'
import type { HostVariables } from './environment-variables.ts'
import type { FunctionSpec } from './function-spec.ts'
import type { Launch } from './runtimes/launch.ts'

/** @param options.logStream the instance's id @param options.runtimeApi host:port, no scheme */
export function fcVariables(
  spec: FunctionSpec,
  launch: Launch,
  options: {
    readonly host: HostVariables
    readonly runtimeApi: string
    readonly logStream: string
    readonly sandbox: Readonly<Record<string, string>>
  },
): Record<string, string> {
  const { host } = options
  const fc = spec.fc!
  return {
    LANG: 'en_US.UTF-8',
    TZ: 'UTC',
    HOME: process.env['HOME'] ?? '/tmp',
    PATH: [...launch.binDirs, '/usr/local/bin', '/usr/bin', '/bin'].join(delimiter),
    ...options.sandbox,
    ...spec.environment,
    ...launch.variables,
    ALIBABA_CLOUD_ACCESS_KEY_ID: host.accessKeyId,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'local',
    ALIBABA_CLOUD_SECURITY_TOKEN: 'local',
    FC_FUNC_CODE_PATH: launch.paths.task,
    FC_FUNCTION_NAME: spec.name,
    FC_FUNCTION_HANDLER: spec.handler,
    FC_FUNCTION_MEMORY_SIZE: String(spec.memoryMb),
    FC_SERVICE_NAME: fc.service,
    FC_ACCOUNT_ID: host.accountId,
    FC_REGION: host.region,
    FC_INSTANCE_ID: options.logStream,
    FC_QUALIFIER: 'LATEST',
    FC_VER_ID: '',
    FC_RUNTIME_VERSION: launch.version,
    FC_CONCURRENT_LIMIT: String(fc.instanceConcurrency ?? 1),
    FC_SERVER_PORT: String(fc.custom?.port ?? 9000),
    FC_CUSTOM_LISTEN_PORT: String(fc.custom?.port ?? 9000),
    _FNSCOPE_RUNTIME_API: options.runtimeApi,
  }
}
