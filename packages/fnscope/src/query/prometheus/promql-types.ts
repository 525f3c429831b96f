// What an expression of PromQL answers, and what it wants of its parts.
import { FUNCTIONS } from './promql-functions.ts'
import { COMPARISONS, PromqlError, SETS, type Binary, type Expression, type ExpressionType } from './promql-syntax.ts'

export function typeOf(expression: Expression): ExpressionType {
  switch (expression.kind) {
    case 'number':
      return 'scalar'
    case 'text':
      return 'string'
    case 'selector':
      return expression.rangeMs === undefined ? 'instant vector' : 'range vector'
    case 'subquery':
      return 'range vector'
    case 'negative':
      return typeOf(expression.of)
    case 'call':
      return FUNCTIONS.get(expression.name)!.answers
    case 'aggregate':
      return 'instant vector'
    case 'binary':
      return typeOf(expression.left) === 'scalar' && typeOf(expression.right) === 'scalar' ? 'scalar' : 'instant vector'
  }
}

/** @throws PromqlError bad_data */
export function expectType(expression: Expression, wanted: ExpressionType, where: string, at: number): void {
  const found = typeOf(expression)
  if (found !== wanted)
    throw new PromqlError(`1:${at + 1}: parse error: expected type ${wanted} in ${where}, got ${found}`)
}

/** @throws PromqlError bad_data */
export function checkBinary(expression: Binary, at: number): void {
  const { mark, isBool, matching, left, right } = expression
  const sides = [typeOf(left), typeOf(right)]
  const refuse = (problem: string): never => {
    throw new PromqlError(`1:${at + 1}: parse error: ${problem}`)
  }
  if (sides.some((side) => side !== 'scalar' && side !== 'instant vector'))
    refuse('binary expression must contain only scalar and instant vector types')
  if (isBool && !COMPARISONS.has(mark)) refuse('bool modifier can only be used on comparison operators')
  const isOfScalars = sides.includes('scalar')
  if (SETS.has(mark)) {
    if (isOfScalars) refuse(`set operator "${mark}" not allowed in binary scalar expression`)
    if (matching.many !== undefined) refuse(`no grouping allowed for "${mark}" operation`)
  } else if (isOfScalars && (matching.on || matching.labels.length > 0 || matching.many !== undefined))
    refuse('vector matching only allowed between instant vectors')
  if (sides[0] === 'scalar' && sides[1] === 'scalar' && COMPARISONS.has(mark) && !isBool)
    refuse('comparisons between scalars must use BOOL modifier')
  const twice = matching.on ? matching.include.find((label) => matching.labels.includes(label)) : undefined
  if (twice !== undefined) refuse(`label "${twice}" must not occur in ON and GROUP clause at once`)
}
