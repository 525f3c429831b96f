// The JSON behind `rootcause.json = #`: parts of root causes as GetTraceSummaries answers them. Each member is checked, for
// one that is misspelt would match nothing and say nothing.
import type { JsonPattern } from './expression.ts'

type Check = (value: unknown, path: string) => string | undefined

const textIs: Check = (value, path) => (typeof value === 'string' ? undefined : `${path} must be a string`)
const booleanIs: Check = (value, path) => (typeof value === 'boolean' ? undefined : `${path} must be true or false`)
const numberIs: Check = (value, path) => (typeof value === 'number' ? undefined : `${path} must be a number`)

const listOf =
  (check: Check): Check =>
  (value, path) => {
    if (!Array.isArray(value)) return `${path} must be a list`
    for (const [i, one] of (value as readonly unknown[]).entries()) {
      const wrong = check(one, `${path}[${i}]`)
      if (wrong !== undefined) return wrong
    }
    return undefined
  }

const objectOf =
  (members: Readonly<Record<string, Check>>): Check =>
  (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return `${path} must be an object`
    for (const [key, one] of Object.entries(value)) {
      if (!Object.hasOwn(members, key))
        return `${path} has no member ${JSON.stringify(key.slice(0, 40))}: it has ${Object.keys(members).join(', ')}`
      const wrong = members[key]!(one, `${path}.${key}`)
      if (wrong !== undefined) return wrong
    }
    return undefined
  }

const CAUSES = listOf(
  objectOf({
    ClientImpacting: booleanIs,
    Services: listOf(
      objectOf({
        Name: textIs,
        Names: listOf(textIs),
        Type: textIs,
        AccountId: textIs,
        Inferred: booleanIs,
        EntityPath: listOf(
          objectOf({
            Name: textIs,
            Remote: booleanIs,
            Coverage: numberIs,
            Exceptions: listOf(objectOf({ Name: textIs, Message: textIs })),
          }),
        ),
      }),
    ),
  }),
)

/** @throws what `refuse` makes of the reason */
export function parseRootCauses(json: string, refuse: (reason: string) => Error): readonly JsonPattern[] {
  let causes: unknown
  try {
    causes = JSON.parse(json)
  } catch {
    throw refuse('what stands behind the # is not JSON.')
  }
  const wrong = CAUSES(causes, 'the root causes')
  if (wrong !== undefined) throw refuse(`${wrong}.`)
  const list = causes as readonly JsonPattern[]
  if (list.length === 0) throw refuse('the list of root causes is empty.')
  return list
}
