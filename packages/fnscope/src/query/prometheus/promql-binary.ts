// PromQL's binary operators: between numbers, between a number and a vector, and between vectors whose series belong
// together by their labels.
import { distinct, labelsKey, unnamed, without, withOnly, type Labels, type Sample } from './promql-series.ts'
import { COMPARISONS, PromqlError, SETS, type Binary, type BinaryMark, type Matching } from './promql-syntax.ts'

type Value = number | readonly Sample[]

/** @throws PromqlError execution */
export function binary(expression: Binary, left: Value, right: Value): Value {
  const { mark, matching } = expression
  if (typeof left === 'number' && typeof right === 'number') return Number(calculate(mark, left, right))
  if (typeof left === 'number')
    return distinct(
      (right as readonly Sample[]).flatMap(({ labels, value }) => one(expression, labels, [left, value], value)),
    )
  if (typeof right === 'number')
    return distinct(left.flatMap(({ labels, value }) => one(expression, labels, [value, right], value)))
  return SETS.has(mark) ? joined(mark, matching, left, right) : matched(expression, left, right)
}

/** A comparison without bool keeps the sample where it is true. */
function one(
  { mark, isBool }: Binary,
  labels: Labels,
  [a, b]: readonly [number, number],
  kept: number,
): readonly Sample[] {
  const result = calculate(mark, a, b)
  if (typeof result === 'number') return [unnamed(labels, result)]
  if (isBool) return [unnamed(labels, result ? 1 : 0)]
  return result ? [{ labels, value: kept }] : []
}

function keyBy({ on, labels: names }: Matching): (sample: Sample) => string {
  return on
    ? ({ labels }) => labelsKey(withOnly(labels, names))
    : ({ labels }) => labelsKey(without(labels, [...names, '__name__']))
}

function joined(
  mark: BinaryMark,
  matching: Matching,
  left: readonly Sample[],
  right: readonly Sample[],
): readonly Sample[] {
  const keyOf = keyBy(matching)
  if (mark === 'or') {
    const keys = new Set(left.map(keyOf))
    return [...left, ...right.filter((sample) => !keys.has(keyOf(sample)))]
  }
  const keys = new Set(right.map(keyOf))
  return left.filter((sample) => keys.has(keyOf(sample)) === (mark === 'and'))
}

function matched(expression: Binary, left: readonly Sample[], right: readonly Sample[]): readonly Sample[] {
  const { matching } = expression
  const keyOf = keyBy(matching)
  const isRightMany = matching.many === 'right'
  const [many, few] = isRightMany ? [right, left] : [left, right]
  const fewByKey = new Map<string, Sample>()
  for (const sample of few) {
    const key = keyOf(sample)
    if (fewByKey.has(key))
      throw new PromqlError(
        `found duplicate series for the match group ${shown(key)} on the ${isRightMany ? 'left' : 'right'} hand-side of the operation;many-to-many matching not allowed: matching labels must be unique on one side`,
        'execution',
      )
    fewByKey.set(key, sample)
  }
  const seen = new Set<string>()
  const samples = many.flatMap((sample) => {
    const key = keyOf(sample)
    const other = fewByKey.get(key)
    if (other === undefined) return []
    const pair: readonly [number, number] = isRightMany ? [other.value, sample.value] : [sample.value, other.value]
    const found = one(expression, resultLabels(expression, sample.labels, other.labels), pair, pair[0])
    if (found.length === 0) return []
    if (matching.many === undefined && seen.has(key))
      throw new PromqlError(
        'multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)',
        'execution',
      )
    seen.add(key)
    return found
  })
  if (new Set(samples.map(({ labels }) => labelsKey(labels))).size < samples.length)
    throw new PromqlError('multiple matches for labels: grouping labels must ensure unique matches', 'execution')
  return samples
}

function resultLabels({ mark, matching, isBool }: Binary, many: Labels, few: Labels): Labels {
  let labels = COMPARISONS.has(mark) && !isBool ? many : without(many, ['__name__'])
  if (matching.many === undefined)
    labels = matching.on ? withOnly(labels, matching.labels) : without(labels, matching.labels)
  if (matching.include.length === 0) return labels
  return { ...without(labels, matching.include), ...withOnly(few, matching.include) }
}

function shown(key: string): string {
  const pairs = JSON.parse(key) as readonly (readonly [string, string])[]
  return `{${pairs.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(', ')}}`
}

function calculate(mark: BinaryMark, a: number, b: number): number | boolean {
  switch (mark) {
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      return a * b
    case '/':
      return a / b
    case '%':
      return a % b
    case '^':
      return a ** b
    case 'atan2':
      return Math.atan2(a, b)
    case '==':
      return a === b
    case '!=':
      return a !== b
    case '<':
      return a < b
    case '<=':
      return a <= b
    case '>':
      return a > b
    case '>=':
      return a >= b
    case 'and':
    case 'or':
    case 'unless':
      throw new PromqlError(`set operator "${mark}" not allowed in binary scalar expression`)
  }
}
