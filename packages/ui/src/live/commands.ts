// What to paste into a terminal, for each kind of project, with the addresses that this fnscope really has. Pure.
import type { ConsoleDoor } from '../../../fnscope/src/api/console-types.ts'

export interface PasteCommand {
  readonly title: string
  readonly command: string
}

export function commandsOf(doors: readonly Pick<ConsoleDoor, 'name' | 'address'>[]): PasteCommand[] {
  const of = (name: string): string | undefined => doors.find((door) => door.name === name)?.address?.split(', ')[0]
  const [main, xray, otlp, datadog] = ['main', 'xray-daemon', 'otlp-http', 'datadog'].map(of)
  return [
    ...(main === undefined
      ? []
      : [
          {
            title: 'SAM, CDK or the AWS CLI',
            command: `export AWS_ENDPOINT_URL=http://${main} AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x\nsam deploy --resolve-s3 --stack-name my-app`,
          },
          {
            title: 'An app of yours, without deploying',
            command: `FNSCOPE_URL=http://${main} npx fnscope deploy ./my-app`,
          },
        ]),
    ...(xray === undefined
      ? []
      : [{ title: 'X-Ray SDK or Powertools anywhere', command: `export AWS_XRAY_DAEMON_ADDRESS=${xray}` }]),
    ...(otlp === undefined
      ? []
      : [
          {
            title: 'OpenTelemetry',
            command: `export OTEL_EXPORTER_OTLP_ENDPOINT=http://${otlp} OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf`,
          },
        ]),
    ...(datadog === undefined
      ? []
      : [{ title: 'Datadog tracer', command: `export DD_TRACE_AGENT_URL=http://${datadog}` }]),
  ]
}
