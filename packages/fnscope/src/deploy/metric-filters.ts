// AWS::Logs::MetricFilter of a template. Patterns are read by whoever applies them.
import type { MetricFilterSpec } from '../functions/trigger-spec.ts'
import { invalid } from './template-value.ts'
import { resourcesOf, type TriggerContext } from './trigger-context.ts'

/** @throws FnscopeError FNS_TEMPLATE_INVALID */
export function readMetricFilters(context: TriggerContext): MetricFilterSpec[] {
  const { app } = context
  return resourcesOf(context, 'AWS::Logs::MetricFilter').map(([logicalId, properties]) => {
    const [metric, second] = properties.items('MetricTransformations')
    if (metric === undefined || second !== undefined)
      throw invalid(`${properties.at('MetricTransformations')} must be a list of one.`)
    const defaultValue = metric.text('DefaultValue')
    if (defaultValue !== undefined && !Number.isFinite(Number(defaultValue)))
      throw invalid(`${metric.at('DefaultValue')} must be a number, not "${defaultValue}".`)
    const dimensions = metric.items('Dimensions').map((one) => [one.required('Key'), one.required('Value')] as const)
    const unit = metric.text('Unit')
    return {
      logicalId,
      stack: app.seed.stack,
      filterName: app.scope.nameOf(logicalId, properties.place),
      logGroup: properties.required('LogGroupName'),
      pattern: properties.text('FilterPattern') ?? '',
      transformation: {
        metricName: metric.required('MetricName'),
        metricNamespace: metric.required('MetricNamespace'),
        metricValue: metric.required('MetricValue'),
        ...(defaultValue === undefined ? {} : { defaultValue: Number(defaultValue) }),
        ...(dimensions.length === 0 ? {} : { dimensions: Object.fromEntries(dimensions) }),
        ...(unit === undefined ? {} : { unit }),
      },
    }
  })
}
