// Which version of Powertools is in which of its layers. For Python V2 and TypeScript from the documentation's own history,
// which names the layer of each release; for Python V3 each release since 3.0.0 made one layer.
import type { ForeignLayer } from './foreign-layer.ts'

/** Layer number → version, where they changed; a number between two is of the one before. */
const PYTHON_V2: readonly (readonly [sinceLayer: number, version: string])[] = [
  [1, '2.0.0'],
  [12, '2.1.0'],
  [13, '2.2.0'],
  [14, '2.3.0'],
  [15, '2.3.1'],
  [16, '2.4.0'],
  [17, '2.5.0'],
  [18, '2.6.0'],
  [19, '2.7.0'],
  [20, '2.7.1'],
  [21, '2.8.0'],
  [22, '2.9.0'],
  [23, '2.9.1'],
  [24, '2.10.0'],
  [25, '2.11.0'],
  [26, '2.12.0'],
  [27, '2.13.0'],
  [29, '2.14.0'],
  [31, '2.14.1'],
  [32, '2.15.0'],
  [33, '2.16.1'],
  [34, '2.16.2'],
  [35, '2.17.0'],
  [36, '2.18.0'],
  [37, '2.19.0'],
  [38, '2.20.0'],
  [39, '2.21.0'],
  [40, '2.22.0'],
  [41, '2.23.0'],
  [42, '2.23.1'],
  [43, '2.24.0'],
  [44, '2.25.0'],
  [45, '2.25.1'],
  [46, '2.26.0'],
  [47, '2.26.1'],
  [48, '2.27.0'],
  [49, '2.27.1'],
  [50, '2.28.0'],
  [51, '2.28.1'],
  [52, '2.29.0'],
  [53, '2.29.1'],
  [55, '2.30.0'],
  [57, '2.30.1'],
  [58, '2.30.2'],
  [59, '2.31.0'],
  [60, '2.32.0'],
  [61, '2.33.0'],
  [62, '2.33.1'],
  [63, '2.34.1'],
  [65, '2.34.2'],
  [66, '2.35.0'],
  [67, '2.35.1'],
  [68, '2.36.0'],
  [69, '2.37.0'],
  [70, '2.38.0'],
  [71, '2.38.1'],
  [72, '2.39.0'],
  [73, '2.39.1'],
  [74, '2.40.0'],
  [75, '2.40.1'],
  [76, '2.41.0'],
  [77, '2.42.0'],
  [78, '2.43.0'],
  [79, '2.43.1'],
]

const PYTHON_V3 = inOrder(
  '3.0.0 3.1.0 3.2.0 3.3.0 3.4.0 3.4.1 3.5.0 3.6.0 3.7.0 3.8.0 3.9.0 3.10.0 3.11.0 3.12.0 3.13.0 3.14.0 3.15.0 3.15.1 ' +
    '3.16.0 3.17.0 3.18.0 3.19.0 3.20.0 3.21.0 3.22.0 3.22.1 3.23.0 3.24.0 3.25.0 3.26.0 3.27.0 3.28.0 3.29.0 3.30.0 3.31.0',
)

const TYPESCRIPT_V1: typeof PYTHON_V2 = [
  ...inOrder('1.2.1 1.2.1 1.3.0 1.4.0 1.4.1 1.5.0 1.5.1 1.5.1 1.6.0 1.7.0 1.8.0 1.9.0 1.10.0 1.11.0'),
  [16, '1.11.1'],
  [17, '1.12.0'],
  [18, '1.12.1'],
  [19, '1.13.0'],
  [20, '1.13.1'],
  [21, '1.14.0'],
  [22, '1.14.1'],
  [23, '1.14.2'],
  [24, '1.15.0'],
  [25, '1.16.0'],
  [26, '1.16.1'],
  [27, '1.17.0'],
  [28, '1.18.0'],
  [29, '1.18.1'],
]

const TYPESCRIPT_V2 = inOrder(
  '2.0.0 2.0.2 2.0.3 2.0.4 2.1.0 2.1.1 2.2.0 2.3.0 2.4.0 2.5.0 2.6.0 2.7.0 2.8.0 2.9.0 2.10.0 2.11.0 2.12.0 2.13.0 2.13.1 ' +
    '2.14.0 2.15.0 2.16.0 2.17.0 2.18.0 2.19.0 2.19.1 2.20.0 2.21.0 2.22.0 2.23.0 2.24.0 2.24.1 2.25.0 2.25.1 2.25.2 2.26.0 ' +
    '2.26.1 2.27.0 2.28.0 2.28.1 2.29.0 2.30.0 2.30.1 2.30.2 2.31.0 2.32.0 2.33.0 2.33.1 2.34.0 2.35.0',
)

const TYPESCRIPT_PACKAGES = ['logger', 'metrics', 'tracer', 'parameters', 'idempotency', 'batch', 'parser'] as const
/** The first layer of TypeScript has no more than these. */
const TYPESCRIPT_FIRST = TYPESCRIPT_PACKAGES.slice(0, 3)

/** All extras, as the layers have; a version that an index lacks is stood in for by the newest before. */
export function powertoolsPython(major: number, number: number): ForeignLayer {
  const table = major === 2 ? PYTHON_V2 : PYTHON_V3
  const { version, known } = versionOf(table, number)
  return {
    language: 'python',
    packages: [`aws-lambda-powertools[all]>=${major},<=${version}`],
    ...(known ? {} : { nearest: `aws-lambda-powertools ${version}` }),
  }
}

export function powertoolsTypeScript(major: number, number: number): ForeignLayer {
  const { version, known } = versionOf(major === 1 ? TYPESCRIPT_V1 : TYPESCRIPT_V2, number)
  const names = major === 1 ? TYPESCRIPT_FIRST : TYPESCRIPT_PACKAGES
  return {
    language: 'nodejs',
    packages: names.map((name) => `@aws-lambda-powertools/${name}@>=${major}.0.0 <=${version}`),
    ...(known ? {} : { nearest: `Powertools ${version}` }),
  }
}

function versionOf(table: typeof PYTHON_V2, number: number): { readonly version: string; readonly known: boolean } {
  const found = table.findLast(([since]) => number >= since) ?? table[0]!
  return { version: found[1], known: number >= 1 && number <= table.at(-1)![0] }
}

function inOrder(versions: string): (readonly [number, string])[] {
  return versions.split(' ').map((version, index) => [index + 1, version])
}
