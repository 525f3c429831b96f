// CloudWatch (GraniteServiceVersion20100801, in all three protocols): PutMetricData, and what asks for metrics.
import type { AwsService } from './aws-service.ts'
import { metricOperations } from './get-metrics.ts'
import type { MetricReadOptions } from './metric-input.ts'
import { putMetricData, type PutMetricDataOptions } from './put-metric-data.ts'

export type CloudWatchOptions = PutMetricDataOptions & MetricReadOptions

const DATUM_NUMBERS = [
  'Value',
  'Values.*',
  'Counts.*',
  'StorageResolution',
  'StatisticValues.SampleCount',
  'StatisticValues.Sum',
  'StatisticValues.Minimum',
  'StatisticValues.Maximum',
]
const DATA = ['MetricData.*', 'EntityMetricData.*.MetricData.*']

export function cloudWatchService(options: CloudWatchOptions): AwsService {
  return {
    target: 'GraniteServiceVersion20100801',
    namespace: 'com.amazonaws.cloudwatch',
    operations: { PutMetricData: putMetricData(options), ...metricOperations(options) },
    query: {
      version: '2010-08-01',
      xmlNamespace: 'http://monitoring.amazonaws.com/doc/2010-08-01/',
      types: {
        PutMetricData: {
          numbers: DATA.flatMap((datum) => DATUM_NUMBERS.map((name) => `${datum}.${name}`)),
          times: DATA.map((datum) => `${datum}.Timestamp`),
          booleans: ['StrictEntityValidation'],
        },
        ListMetrics: { booleans: ['IncludeLinkedAccounts'] },
        GetMetricStatistics: { numbers: ['Period'], times: ['StartTime', 'EndTime'] },
        GetMetricData: {
          numbers: ['MaxDatapoints', 'MetricDataQueries.*.Period', 'MetricDataQueries.*.MetricStat.Period'],
          times: ['StartTime', 'EndTime'],
          booleans: ['MetricDataQueries.*.ReturnData'],
        },
      },
    },
  }
}
