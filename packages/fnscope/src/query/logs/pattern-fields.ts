// Filter patterns of space-delimited messages: [ip, user, ..., status = 4* && status != 404, bytes > 1000].
import type { FilterPattern } from './filter-pattern.ts'
import { PatternError } from './pattern-error.ts'
import { comparer, MAX_DEPTH, PatternScan } from './pattern-scan.ts'

type Test = (value: string) => boolean

interface NamedField {
  readonly name: string
  readonly test: Test
}

/** Undefined: any number of fields stands here. */
type Field = NamedField | undefined

/** @throws PatternError */
export function parseFieldsPattern(pattern: string): FilterPattern {
  const scan = new PatternScan(pattern)
  scan.expect('[')
  const fields: Field[] = []
  do fields.push(field(scan))
  while (scan.take(','))
  scan.expect(']')
  scan.end()
  const gaps = fields.filter((one) => one === undefined).length
  if (gaps > 1) throw scan.error('... stands there twice')
  const gap = fields.indexOf(undefined)
  /** Each value with the field that it is of; undefined when there are too many or too few. */
  const paired = (message: string): readonly (readonly [value: string, field: Field])[] | undefined => {
    const values = splitFields(message)
    const more = values.length - fields.length
    if (gap === -1 ? more !== 0 : more < -1) return undefined
    return values.map((value, index) => {
      if (gap === -1 || index < gap) return [value, fields[index]]
      return [value, index <= gap + more ? undefined : fields[index - more]]
    })
  }
  const values = (message: string): ReadonlyMap<string, string> =>
    new Map((paired(message) ?? []).map(([value, one], index) => [`$${one?.name ?? index + 1}`, value]))
  return {
    matches: (message) => paired(message)?.every(([value, one]) => one?.test(value) ?? true) ?? false,
    containing: [],
    regexes: scan.regexes,
    values: {
      extract: values,
      reader(selector) {
        if (!fields.some((one) => one !== undefined && `$${one.name}` === selector))
          throw new PatternError(`the pattern has no field "${selector}"`, 0)
        return (message) => values(message).get(selector)
      },
    },
  }
}

function field(scan: PatternScan): Field {
  if (scan.take('...')) return undefined
  const at = scan.at
  const test = either(scan, 0)
  const name = /[\p{L}\p{N}_]+/u.exec(scan.text.slice(at))
  return { name: name![0], test }
}

function either(scan: PatternScan, depth: number): Test {
  const tests = [both(scan, depth)]
  while (scan.take('||')) tests.push(both(scan, depth))
  return (value) => tests.some((test) => test(value))
}

function both(scan: PatternScan, depth: number): Test {
  const tests = [one(scan, depth)]
  while (scan.take('&&')) tests.push(one(scan, depth))
  return (value) => tests.every((test) => test(value))
}

function one(scan: PatternScan, depth: number): Test {
  if (depth > MAX_DEPTH) throw scan.error(`nested deeper than ${MAX_DEPTH}`)
  if (scan.take('(')) {
    const test = either(scan, depth + 1)
    scan.expect(')')
    return test
  }
  if (scan.match(/[\p{L}\p{N}_]+/uy) === undefined) throw scan.error('expected the name of a field')
  const at = scan.at
  scan.skip()
  if (!/[=<>!]/.test(scan.text[scan.at] ?? '')) return () => true
  const comparison = scan.comparison()
  const operand = scan.operand()
  const compare = comparer(comparison, operand, at)
  if ('test' in operand) return compare
  // A field is text: one that is a number is compared as one.
  return (value) => value.trim() !== '' && compare(Number(value))
}

/** At blanks, but what stands in double quotes or brackets is one. */
function splitFields(message: string): readonly string[] {
  return [...message.matchAll(/"([^"]*)"|\[([^\]]*)\]|(\S+)/g)].map((match) => match[1] ?? match[2] ?? match[3]!)
}
