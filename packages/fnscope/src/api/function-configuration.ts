// FunctionConfiguration as GetFunctionConfiguration and ListFunctions answer it (botocore 1.44.5).
import { createHash } from 'node:crypto'
import type { FunctionSpec } from '../functions/function-spec.ts'

/** The members that clients read; what has no local meaning has the cloud's default. */
export function functionConfiguration(
  spec: FunctionSpec,
  place: { readonly region: string; readonly accountId: string },
): Record<string, unknown> {
  const identity = createHash('sha256').update(JSON.stringify(spec)).digest()
  return {
    FunctionName: spec.name,
    FunctionArn: `arn:aws:lambda:${place.region}:${place.accountId}:function:${spec.name}`,
    Runtime: spec.runtime,
    Role: `arn:aws:iam::${place.accountId}:role/${spec.stack}-${spec.logicalId}Role`,
    Handler: spec.handler,
    CodeSize: 0,
    Description: spec.description,
    Timeout: spec.timeoutSeconds,
    MemorySize: spec.memoryMb,
    LastModified: '1970-01-01T00:00:00.000+0000',
    CodeSha256: identity.toString('base64'),
    Version: '$LATEST',
    Environment: { Variables: spec.environment },
    TracingConfig: { Mode: spec.tracing },
    RevisionId: identity.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5'),
    State: 'Active',
    LastUpdateStatus: 'Successful',
    PackageType: 'Zip',
    Architectures: [spec.architecture],
    EphemeralStorage: { Size: spec.ephemeralStorageMb },
    SnapStart: { ApplyOn: 'None', OptimizationStatus: 'Off' },
    LoggingConfig: {
      LogFormat: spec.logFormat,
      LogGroup: spec.logGroup,
      ...(spec.applicationLogLevel === undefined ? {} : { ApplicationLogLevel: spec.applicationLogLevel }),
      ...(spec.systemLogLevel === undefined ? {} : { SystemLogLevel: spec.systemLogLevel }),
    },
  }
}
