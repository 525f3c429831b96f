// FunctionConfiguration as GetFunctionConfiguration and ListFunctions answer it (botocore 1.44.5).
import type { FunctionState } from '../control/functions/function-record.ts'
import { versionOf } from '../functions/function-spec.ts'
import { functionArn, timeText, type LambdaContext } from './lambda-context.ts'

type Place = Pick<LambdaContext, 'region' | 'accountId' | 'functions'>

/** The members that clients read; what has no local meaning has the cloud's default. @param qualifier as it was asked */
export function functionConfiguration(state: FunctionState, place: Place, qualifier?: string): object {
  const { spec, settings } = state
  const arn = functionArn(place, spec.name)
  const version = versionOf(spec)
  return {
    FunctionName: spec.name,
    FunctionArn: qualifier === undefined && spec.version === undefined ? arn : `${arn}:${qualifier ?? version}`,
    Runtime: spec.runtime,
    Role: state.roleArn,
    Handler: spec.handler,
    CodeSize: state.codeSize,
    Description: spec.description,
    Timeout: spec.timeoutSeconds,
    MemorySize: spec.memoryMb,
    LastModified: timeText(state.modifiedMs),
    CodeSha256: state.codeSha256,
    Version: version,
    ...(Object.keys(spec.environment).length > 0 && { Environment: { Variables: spec.environment } }),
    TracingConfig: { Mode: spec.tracing },
    RevisionId: state.revisionId,
    ...(state.layerArns.length > 0 && {
      Layers: state.layerArns.map((Arn) => ({ Arn, CodeSize: place.functions.layerByArn(Arn)?.codeSize ?? 0 })),
    }),
    State: 'Active',
    LastUpdateStatus: 'Successful',
    PackageType: 'Zip',
    Architectures: [spec.architecture],
    EphemeralStorage: { Size: spec.ephemeralStorageMb },
    SnapStart: { ApplyOn: 'None', OptimizationStatus: 'Off' },
    RuntimeVersionConfig: {
      RuntimeVersionArn: `arn:aws:lambda:${place.region}::runtime:${state.codeSha256
        .replaceAll(/[^a-z0-9]/gi, '')
        .padEnd(64, '0')
        .slice(0, 64)
        .toLowerCase()}`,
    },
    LoggingConfig: {
      LogFormat: spec.logFormat,
      LogGroup: spec.logGroup,
      ...(spec.applicationLogLevel === undefined ? {} : { ApplicationLogLevel: spec.applicationLogLevel }),
      ...(spec.systemLogLevel === undefined ? {} : { SystemLogLevel: spec.systemLogLevel }),
    },
    ...(spec.asynchronous?.deadLetterArn !== undefined && {
      DeadLetterConfig: { TargetArn: spec.asynchronous.deadLetterArn },
    }),
    ...settings,
  }
}
