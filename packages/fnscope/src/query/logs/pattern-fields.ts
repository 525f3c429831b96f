// Filter patterns of space-delimited messages: [ip, user, ..., status = 4* && status != 404, bytes > 1000].
import { comparer, MAX_DEPTH, PatternScan } from './pattern-scan.ts'

type Test = (value: string) => boolean

/** Undefined: any number of fields stands here. */
type Field = Test | undefined

/** @throws PatternError */
export function parseFieldsPattern(pattern: string): (message: string) => boolean {
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
  return (message) => {
    const values = splitFields(message)
    if (gaps === 0) return values.length === fields.length && fields.every((test, index) => test!(values[index]!))
    if (values.length < fields.length - 1) return false
    const after = fields.length - gap - 1
    return (
      fields.slice(0, gap).every((test, index) => test!(values[index]!)) &&
      fields.slice(gap + 1).every((test, index) => test!(values[values.length - after + index]!))
    )
  }
}

function field(scan: PatternScan): Field {
  if (scan.take('...')) return undefined
  return either(scan, 0)
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
