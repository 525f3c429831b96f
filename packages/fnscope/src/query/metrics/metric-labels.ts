// Labels with figures in them, as CloudWatch fills them in: ${MAX}, ${LABEL}, ${PROP('Dim.FunctionName')}.
import { MathError, reduced, sorted, type TimeSeries } from './metric-series.ts'

export interface LabelPlace {
  readonly region: string
  readonly accountId: string
}

/** @throws MathError for what cannot be filled in */
export function filledLabel(template: string, series: TimeSeries, place: LabelPlace): string {
  return template.replaceAll(/\$\{([^}]*)\}/g, (_, inner: string) => {
    const property = /^PROP\(\s*'([^']*)'\s*\)$/.exec(inner)?.[1]
    const value = property === undefined ? figureOf(inner, series) : propertyOf(property, series, place)
    if (value === undefined) throw new MathError(`the label has \${${inner}}, which is not supported by fnscope`)
    return value
  })
}

function figureOf(name: string, series: TimeSeries): string | undefined {
  const values = sorted(series).map(([, value]) => value)
  switch (name) {
    case 'LABEL':
      return series.label
    case 'FIRST':
      return String(values[0] ?? '--')
    case 'LAST':
      return String(values.at(-1) ?? '--')
    case 'MIN':
    case 'MAX':
    case 'AVG':
    case 'SUM':
    case 'DATAPOINT_COUNT':
      return values.length === 0 ? '--' : String(reduced(name, values))
    default:
      return undefined
  }
}

function propertyOf(
  name: string,
  { metric, periodSeconds }: TimeSeries,
  { region, accountId }: LabelPlace,
): string | undefined {
  switch (name) {
    case 'MetricName':
      return metric?.name ?? ''
    case 'Namespace':
      return metric?.namespace ?? ''
    case 'Stat':
      return metric?.stat ?? ''
    case 'Period':
      return String(periodSeconds)
    case 'Region':
      return region
    case 'AccountId':
      return accountId
    default:
      return name.startsWith('Dim.') ? (metric?.dimensions[name.slice(4)] ?? '') : undefined
  }
}
