// Functions of Logs Insights' expressions, by their names in lower case.
import { formatTime, numberOf, textOf, timeOf, type Value } from './insights-row.ts'

/** What a date holds. */
const MAX_DATE_MS = 8.64e15

export interface InsightsFunction {
  readonly arguments: readonly [fewest: number, most: number]
  readonly call: (values: readonly Value[]) => Value
}

const onNumber = (work: (value: number) => number): InsightsFunction => ({
  arguments: [1, 1],
  call: ([value]) => {
    const number = numberOf(value)
    return number === undefined ? undefined : work(number)
  },
})
const onText = (work: (value: string) => Value): InsightsFunction => ({
  arguments: [1, 1],
  call: ([value]) => (value === undefined ? undefined : work(textOf(value))),
})
const onNumbers = (work: (values: readonly number[]) => number): InsightsFunction => ({
  arguments: [1, 50],
  call: (values) => {
    const numbers = values.flatMap((value) => numberOf(value) ?? [])
    return numbers.length === values.length ? work(numbers) : undefined
  },
})

export const FUNCTIONS: ReadonlyMap<string, InsightsFunction> = new Map<string, InsightsFunction>([
  ['abs', onNumber(Math.abs)],
  ['ceil', onNumber(Math.ceil)],
  ['floor', onNumber(Math.floor)],
  ['sqrt', onNumber(Math.sqrt)],
  ['log', onNumber(Math.log)],
  ['greatest', onNumbers((values) => Math.max(...values))],
  ['least', onNumbers((values) => Math.min(...values))],
  ['ispresent', { arguments: [1, 1], call: ([value]) => value !== undefined }],
  ['isempty', { arguments: [1, 1], call: ([value]) => value === undefined || value === '' }],
  ['isblank', { arguments: [1, 1], call: ([value]) => textOf(value).trim() === '' }],
  ['coalesce', { arguments: [1, 50], call: (values) => values.find((value) => value !== undefined) }],
  ['concat', { arguments: [1, 50], call: (values) => values.map(textOf).join('') }],
  ['strlen', onText((text) => Array.from(text).length)],
  ['tolower', onText((text) => text.toLowerCase())],
  ['toupper', onText((text) => text.toUpperCase())],
  ['trim', onText((text) => text.trim())],
  ['ltrim', onText((text) => text.trimStart())],
  ['rtrim', onText((text) => text.trimEnd())],
  [
    'strcontains',
    {
      arguments: [2, 2],
      call: ([text, part]) => (text === undefined ? undefined : textOf(text).includes(textOf(part)) ? 1 : 0),
    },
  ],
  [
    'replace',
    {
      arguments: [3, 3],
      call: ([text, part, other]) =>
        text === undefined ? undefined : textOf(text).replaceAll(textOf(part), () => textOf(other)),
    },
  ],
  [
    'substr',
    {
      arguments: [2, 3],
      call: ([text, from, length]) => {
        const start = numberOf(from) ?? 0
        const end = length === undefined ? undefined : start + (numberOf(length) ?? 0)
        return text === undefined ? undefined : Array.from(textOf(text)).slice(start, end).join('')
      },
    },
  ],
  ['tomillis', { arguments: [1, 1], call: ([value]) => timeOf(value) }],
  [
    'frommillis',
    {
      arguments: [1, 1],
      call: ([value]) => {
        const ms = numberOf(value)
        return ms === undefined || Math.abs(ms) > MAX_DATE_MS ? undefined : formatTime(ms)
      },
    },
  ],
])

/** Of a pattern with `*`: what each of them stands for. */
export function globRegex(glob: string): RegExp {
  const parts = glob.split('*').map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`))
  // The last one takes all that is left, where the glob ends in it.
  const body = parts.reduce((regex, part, index) => {
    const isLast = index === parts.length - 1 && part === ''
    return `${regex}(${isLast ? '.*' : '.*?'})${part}`
  })
  return new RegExp(body, 's')
}
