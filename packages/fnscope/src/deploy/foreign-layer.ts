// Layers that lie in their makers' accounts on the cloud, and the packages that are in them.

/** Layer version → the major version of datadog-lambda at that time; of the package, the layer's version is the minor. */
const DATADOG_MAJORS: readonly (readonly [sinceLayer: number, major: number])[] = [
  [113, 8],
  [112, 7],
  [95, 6],
  [83, 5],
  [61, 4],
  [31, 3],
  [13, 2],
]

/**
 * pip's spelling of what a well-known layer holds; undefined for any other ARN. Of Datadog's layers that have no package
 * of their version the newest before: 119 is 8.118.
 */
export function packageOfLayer(arn: string): string | undefined {
  const powertools = /:layer:AWSLambdaPowertoolsPythonV(\d+)[\w-]*:\d+$/.exec(arn)?.[1]
  if (powertools !== undefined) return `aws-lambda-powertools[all]>=${powertools},<${Number(powertools) + 1}`
  const datadog = Number(/:layer:Datadog-Python3\d+(?:-ARM)?(?:-FIPS)?:(\d+)$/.exec(arn)?.[1])
  const major = DATADOG_MAJORS.find(([since]) => datadog >= since)?.[1]
  return major === undefined ? undefined : `datadog-lambda<${major}.${datadog + 1}`
}
