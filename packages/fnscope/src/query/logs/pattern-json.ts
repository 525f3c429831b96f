// Filter patterns of JSON: { $.user.name = "ana*" && ($.items[0].price > 3 || $.error IS NULL) }.
import type { FilterPattern } from './filter-pattern.ts'
import { comparer, MAX_DEPTH, PatternScan } from './pattern-scan.ts'

type Test = (root: unknown) => boolean
/** A member, a place in a list, or each of a list. */
type Step = string | number | { readonly each: true }

/** Fits messages that are a JSON object or list and fulfil the pattern. @throws PatternError */
export function parseJsonPattern(pattern: string): FilterPattern {
  const scan = new JsonScan(pattern)
  scan.expect('{')
  const test = either(scan, 0)
  scan.expect('}')
  scan.end()
  return {
    matches: (message) => {
      const root = jsonOf(message)
      return root !== undefined && test(root)
    },
    containing: ['{'],
    regexes: scan.regexes,
    values: {
      extract(message) {
        const root = jsonOf(message)
        const found = [...scan.selectors].flatMap(([name, steps]) => {
          const [value] = valuesAt(root, steps)
          return value === undefined ? [] : [[name, textOf(value)] as const]
        })
        return new Map(found)
      },
      reader(text) {
        const of = new JsonScan(text)
        const steps = selector(of)
        of.end()
        return (message) => valuesAt(jsonOf(message), steps)[0]
      },
    },
  }
}

class JsonScan extends PatternScan {
  /** As they are written. */
  readonly selectors = new Map<string, readonly Step[]>()
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** The object or list that a message is, undefined when it is none. */
export function jsonOf(message: string): object | undefined {
  const start = message.trimStart()[0]
  if (start !== '{' && start !== '[') return undefined
  try {
    return JSON.parse(message) as object
  } catch {
    return undefined
  }
}

function either(scan: JsonScan, depth: number): Test {
  const tests = [both(scan, depth)]
  while (scan.take('||')) tests.push(both(scan, depth))
  return tests.length === 1 ? tests[0]! : (root) => tests.some((test) => test(root))
}

function both(scan: JsonScan, depth: number): Test {
  const tests = [one(scan, depth)]
  while (scan.take('&&')) tests.push(one(scan, depth))
  return tests.length === 1 ? tests[0]! : (root) => tests.every((test) => test(root))
}

function one(scan: JsonScan, depth: number): Test {
  if (depth > MAX_DEPTH) throw scan.error(`nested deeper than ${MAX_DEPTH}`)
  if (scan.take('(')) {
    const test = either(scan, depth + 1)
    scan.expect(')')
    return test
  }
  const steps = selector(scan)
  const word = scan.match(/(IS\s+(?:NULL|TRUE|FALSE)|NOT\s+EXISTS)\b/iy)?.[1]?.toUpperCase()
  if (word !== undefined) return wordTest(word.replaceAll(/\s+/g, ' '), steps)
  const at = scan.at
  const compare = comparer(scan.comparison(), scan.operand(), at)
  return (root) => valuesAt(root, steps).some(compare)
}

function wordTest(word: string, steps: readonly Step[]): Test {
  if (word === 'NOT EXISTS') return (root) => valuesAt(root, steps).length === 0
  const wanted = word === 'IS NULL' ? null : word === 'IS TRUE'
  return (root) => valuesAt(root, steps).includes(wanted)
}

function selector(scan: JsonScan): readonly Step[] {
  if (!scan.take('$')) throw scan.error('expected a selector that begins with $')
  const start = scan.at - 1
  const steps: Step[] = []
  for (;;) {
    const rest = scan.text.slice(scan.at)
    const found =
      /^\.([\p{L}\p{N}_@-]+)/u.exec(rest) ?? /^\.?\[(?:(\d{1,6})|(\*)|'([^']*)'|"([^"]*)")\]/u.exec(rest) ?? undefined
    if (found === undefined) break
    scan.at += found[0].length
    if (found[0].startsWith('.') && !found[0].startsWith('.[')) steps.push(found[1]!)
    else if (found[1] !== undefined) steps.push(Number(found[1]))
    else steps.push(found[2] === undefined ? (found[3] ?? found[4]!) : { each: true })
  }
  if (scan.text[scan.at] === '.' || scan.text[scan.at] === '[') throw scan.error('expected a name')
  scan.selectors.set(scan.text.slice(start, scan.at), steps)
  return steps
}

function valuesAt(root: unknown, steps: readonly Step[]): readonly unknown[] {
  let values: readonly unknown[] = [root]
  for (const step of steps) {
    values = values.flatMap((value) => {
      if (typeof value !== 'object' || value === null) return []
      if (typeof step === 'object') return Array.isArray(value) ? (value as unknown[]) : []
      if (Array.isArray(value)) return typeof step === 'number' && step < value.length ? [value[step]] : []
      return Object.hasOwn(value, step) ? [(value as Readonly<Record<string, unknown>>)[step]] : []
    })
    if (values.length === 0) break
  }
  return values
}
