// The map in words: what stands under a node, what a screen reader says of it, and the short mark of its type.
import type { ConsoleCalls } from '../../../fnscope/src/api/console-types.ts'
import { count, duration, percent } from '../format.ts'
import type { MapNode } from './grouped.ts'

/** `12/min`, `0.3/min`, `1,200/min`. */
export function rate(perSecond: number): string {
  const perMinute = perSecond * 60
  if (perMinute === 0) return '0/min'
  return `${perMinute >= 10 ? count(Math.round(perMinute)) : perMinute >= 0.1 ? perMinute.toFixed(1) : perMinute.toPrecision(1)}/min`
}

export function rateAndAverage(calls: ConsoleCalls | undefined): string {
  return calls === undefined ? 'no calls' : `${rate(calls.perSecond)} · ${duration(calls.averageMs)}`
}

/** Of what went wrong the gravest, with its share; '' where nothing did. */
export function trouble(calls: ConsoleCalls | undefined): string {
  if (calls === undefined || calls.count === 0) return ''
  for (const status of ['fault', 'throttle', 'error'] as const)
    if (calls[status] > 0) return `${percent(calls[status], calls.count)} ${status}`
  return ''
}

const LABEL_CHARACTERS = 24

export function shortened(name: string): string {
  const characters = Array.from(name)
  return characters.length <= LABEL_CHARACTERS ? name : `${characters.slice(0, LABEL_CHARACTERS - 1).join('')}…`
}

/** What is seen of a node, in its order, then what is not. */
export function nodeLabel({ name, type, calls, members }: MapNode): string {
  const bad = trouble(calls)
  const seen = [kindMark(type), ...(members > 1 ? [`×${members}`] : []), shortened(name), rateAndAverage(calls)]
  const more = [type === '' ? '' : kindName(type), shortened(name) === name ? '' : name].filter((part) => part !== '')
  return [[...seen, ...(bad === '' ? [] : [`✕ ${bad}`])].join(' '), ...more].join(', ')
}

const KINDS: Readonly<Record<string, readonly [mark: string, name: string]>> = {
  client: ['…', 'clients'],
  remote: ['↗', 'remote'],
  'AWS::Lambda': ['λ', 'Lambda'],
  'AWS::Lambda::Function': ['λ', 'Lambda function'],
  'AWS::ApiGateway::Stage': ['API', 'API Gateway'],
  'AWS::DynamoDB::Table': ['DB', 'DynamoDB table'],
  'AWS::S3': ['S3', 'S3'],
  'AWS::SQS': ['SQS', 'SQS queue'],
  'AWS::SNS': ['SNS', 'SNS topic'],
}

/** One to three characters. */
export function kindMark(type: string): string {
  const known = KINDS[type]?.[0]
  if (known !== undefined) return known
  if (/database|sql|dynamo|redis|mongo|postgres/i.test(type)) return 'DB'
  const [, product = ''] = /^AWS::(\w{1,3})/.exec(type) ?? []
  return product === '' ? '●' : product.toUpperCase()
}

export function kindName(type: string): string {
  return KINDS[type]?.[1] ?? type.replace(/^AWS::/, '').replaceAll('::', ' ')
}
