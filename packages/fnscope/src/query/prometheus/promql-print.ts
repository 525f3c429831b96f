// PromQL written again, on one line and in one spelling. Not the text that was read: what means the same is written the same.
import type { Aggregate, Binary, Expression, Matcher, Moved } from './promql-syntax.ts'

export function printPromql(expression: Expression): string {
  switch (expression.kind) {
    case 'number':
      return numberText(expression.value)
    case 'text':
      return JSON.stringify(expression.value)
    case 'selector': {
      const range = expression.rangeMs === undefined ? '' : `[${durationText(expression.rangeMs)}]`
      return `${selectorText(expression.matchers)}${range}${movedText(expression)}`
    }
    case 'subquery': {
      const { of, rangeMs, stepMs } = expression
      return `${closed(of)}[${durationText(rangeMs)}:${durationText(stepMs)}]${movedText(expression)}`
    }
    case 'negative':
      return `-${closed(expression.of)}`
    case 'call':
      return `${expression.name}(${expression.arguments.map(printPromql).join(', ')})`
    case 'aggregate':
      return aggregateText(expression)
    case 'binary':
      return `${closed(expression.left)} ${operatorText(expression)} ${closed(expression.right)}`
  }
}

/** In parentheses where operators could take a part of it. */
function closed(expression: Expression): string {
  const text = printPromql(expression)
  return expression.kind === 'binary' || expression.kind === 'negative' ? `(${text})` : text
}

function numberText(value: number): string {
  return Number.isFinite(value) || Number.isNaN(value) ? String(value) : value > 0 ? '+Inf' : '-Inf'
}

function selectorText(matchers: readonly Matcher[]): string {
  const [first, ...others] = matchers
  const isNamed = first!.label === '__name__' && first!.mark === '=' && /^[a-zA-Z_:][\w:]*$/.test(first!.value)
  const shown = (isNamed ? others : matchers).map(
    ({ label, mark, value }) =>
      `${/^[a-zA-Z_]\w*$/.test(label) ? label : JSON.stringify(label)}${mark}${JSON.stringify(value)}`,
  )
  const braces = shown.length === 0 ? '' : `{${shown.join(',')}}`
  return `${isNamed ? first!.value : ''}${braces}`
}

function movedText({ offsetMs, at }: Moved): string {
  const time = at === undefined ? '' : ` @ ${typeof at === 'number' ? (at / 1000).toFixed(3) : `${at}()`}`
  const offset =
    offsetMs === undefined ? '' : ` offset ${offsetMs < 0 ? '-' : ''}${durationText(Math.abs(offsetMs)) || '0s'}`
  return `${time}${offset}`
}

const UNITS: readonly (readonly [unit: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
]

function durationText(ms: number): string {
  let left = ms
  let text = ''
  for (const [unit, size] of UNITS) {
    const count = Math.floor(left / size)
    if (count > 0) text += `${count}${unit}`
    left -= count * size
  }
  return text
}

function aggregateText({ name, parameter, of, labels, keep }: Aggregate): string {
  const grouping = labels.length === 0 && keep ? '' : ` ${keep ? 'by' : 'without'} (${labels.join(', ')}) `
  const given = [...(parameter === undefined ? [] : [parameter]), of].map(printPromql)
  return `${name}${grouping}(${given.join(', ')})`
}

function operatorText({ mark, isBool, matching: { on, labels, many, include } }: Binary): string {
  const by = on || labels.length > 0 || many !== undefined ? ` ${on ? 'on' : 'ignoring'} (${labels.join(', ')})` : ''
  const group = many === undefined ? '' : ` group_${many} (${include.join(', ')})`
  return `${mark}${isBool ? ' bool' : ''}${by}${group}`
}
