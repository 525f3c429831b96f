// Layers that lie in their makers' accounts on the cloud, and the packages that are in them: a table from a layer's name and
// number to versions. The ARN's account, region and partition do not matter: a name means the same everywhere.
import { powertoolsPython, powertoolsTypeScript } from './powertools-layers.ts'

export interface ForeignLayer {
  readonly language: 'python' | 'nodejs'
  /** As pip or npm take them. */
  readonly packages: readonly string[]
  /** Files of the layer's own beside the packages: path → text; executable. */
  readonly files?: Readonly<Record<string, string>>
  /** Said once: what stands in when the table does not know the number. */
  readonly nearest?: string
}

/** Layer version → the major version of datadog-lambda at that time; of the package, the layer's version is the minor. */
const DATADOG_PYTHON: readonly (readonly [sinceLayer: number, major: number])[] = [
  [113, 8],
  [112, 7],
  [95, 6],
  [83, 5],
  [61, 4],
  [31, 3],
  [13, 2],
]

/** The same of datadog-lambda-js. */
const DATADOG_NODE: typeof DATADOG_PYTHON = [
  [127, 12],
  [125, 11],
  [121, 10],
  [112, 9],
  [106, 8],
  [90, 7],
  [78, 6],
  [69, 5],
  [60, 4],
  [26, 3],
  [16, 2],
  [15, 1],
]

// The layer's own wrapper starts the function under OpenTelemetry's; so does this one.
const OTEL_WRAPPER = '#!/bin/sh\nexec "$(dirname "$0")/python/bin/opentelemetry-instrument" "$@"\n'

type Resolve = (match: RegExpExecArray) => ForeignLayer | undefined

const LAYERS: readonly (readonly [RegExp, Resolve])[] = [
  [
    /^AWSLambdaPowertoolsPythonV([23])(?:-[\w-]+)?:(\d+)$/,
    ([, major, number]) => powertoolsPython(Number(major), Number(number)),
  ],
  [
    /^AWSLambdaPowertoolsPython(?:-[\w-]+)?:\d+$/,
    () => ({ language: 'python', packages: ['aws-lambda-powertools[all]>=1,<2'] }),
  ],
  [
    /^AWSLambdaPowertoolsTypeScript(V2)?:(\d+)$/,
    ([, two, number]) => powertoolsTypeScript(two ? 2 : 1, Number(number)),
  ],
  [/^Datadog-Python3\d+(?:-ARM)?(?:-FIPS)?:(\d+)$/, ([, number]) => datadogPython(Number(number))],
  [/^Datadog-Node\d+-x(?:-ARM)?(?:-FIPS)?:(\d+)$/, ([, number]) => datadogNode(Number(number))],
  [
    /^aws-otel-python-(?:amd64|arm64)-ver-(\d+)-(\d+)-(\d+):\d+$/,
    ([, major, minor, patch]) => adotPython(`${major}.${minor}.${patch}`, Number(minor)),
  ],
  [
    /^AWSOpenTelemetryDistroPython:\d+$/,
    () => ({
      language: 'python',
      packages: ['aws-opentelemetry-distro', 'opentelemetry-instrumentation-aws-lambda'],
      files: { 'otel-instrument': OTEL_WRAPPER },
      nearest: 'the newest aws-opentelemetry-distro',
    }),
  ],
]

/** Undefined for a layer that the table does not have. */
export function foreignLayer(arn: string): ForeignLayer | undefined {
  const name = /:layer:([^:]+:\d+)$/.exec(arn)?.[1]
  if (name === undefined) return undefined
  for (const [pattern, resolve] of LAYERS) {
    const match = pattern.exec(name)
    if (match) return resolve(match)
  }
  return undefined
}

/** Of layers that have no package of their version the newest before: 119 is 8.118. */
function datadogPython(number: number): ForeignLayer | undefined {
  const major = DATADOG_PYTHON.find(([since]) => number >= since)?.[1]
  return major === undefined ? undefined : { language: 'python', packages: [`datadog-lambda<${major}.${number + 1}`] }
}

function datadogNode(number: number): ForeignLayer | undefined {
  const major = DATADOG_NODE.find(([since]) => number >= since)?.[1]
  if (major === undefined) return undefined
  return { language: 'nodejs', packages: [`datadog-lambda-js@<=${major}.${number}.99`, 'dd-trace'] }
}

/** Instrumentations are 0.x while the SDK is 1.x; since 1.12 (0.33b0) their minors differ by 21. */
function adotPython(version: string, minor: number): ForeignLayer {
  const beta = `0.${minor + 21}b0`
  const instrumented = ['aws-lambda', 'botocore', 'requests', 'urllib3', 'urllib'].map(
    (name) => `opentelemetry-instrumentation-${name}<=${beta}`,
  )
  return {
    language: 'python',
    packages: [
      `opentelemetry-sdk<=${version}`,
      `opentelemetry-exporter-otlp-proto-http<=${version}`,
      `opentelemetry-distro<=${beta}`,
      ...instrumented,
      'opentelemetry-propagator-aws-xray',
      'opentelemetry-sdk-extension-aws',
    ],
    files: { 'otel-instrument': OTEL_WRAPPER },
  }
}
