// The units of CloudWatch's metrics: any other one is refused.
const SIZES = ['Bytes', 'Kilobytes', 'Megabytes', 'Gigabytes', 'Terabytes', 'Bits', 'Kilobits', 'Megabits', 'Gigabits']
const COUNTS = [...SIZES, 'Terabits', 'Count']

export const CLOUDWATCH_UNITS: ReadonlySet<string> = new Set([
  ...COUNTS,
  ...COUNTS.map((unit) => `${unit}/Second`),
  'Seconds',
  'Microseconds',
  'Milliseconds',
  'Percent',
  'None',
])
