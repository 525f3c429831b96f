// Runs a Logs Insights query over lines as they come, newest first, and keeps no more of them than its answer needs.
import { aggregateField, isTrue } from './insights-expression.ts'
import { MAX_RESULTS, type Command, type NamedExpression } from './insights-query.ts'
import { compareValues, plainRow, textOf, type Row, type Value } from './insights-row.ts'
import type { Aggregator } from './insights-stats.ts'

export type ResultRow = readonly (readonly [field: string, value: string])[]

/** Rows of a sort or groups of a stats at most; a query that wants more fails. */
const MAX_HELD = 200_000

export class TooManyRowsError extends Error {}

/** What follows a command; `finish` when there are no more rows. */
interface Stage {
  /** False: no more rows are wanted. */
  take(row: Row): boolean
  finish(): void
}

export class InsightsRun {
  readonly #first: Stage
  readonly #rows: Row[] = []
  readonly #shown: readonly string[] | undefined
  readonly #isOfLines: boolean
  /** Lines that came through the first filters. */
  matched = 0

  /** @param limit of the request; the query's own limit is one of its commands */
  constructor(commands: readonly Command[], limit = MAX_RESULTS) {
    this.#isOfLines = !commands.some(({ kind }) => kind === 'stats')
    this.#shown = shownFields(commands)
    const all: readonly Command[] = [...commands, { kind: 'limit', count: limit }]
    const last: Stage = { take: (row) => this.#rows.push(row) > 0, finish: () => {} }
    const lead = all.findIndex(
      ({ kind }) => kind !== 'filter' && kind !== 'fields' && kind !== 'display' && kind !== 'parse',
    )
    this.#first = all.reduceRight((next, command, index) => {
      const stage = stageOf(command, next, keptBy(all.slice(index + 1)))
      return index === lead ? this.#counted(stage) : stage
    }, last)
  }

  #counted(stage: Stage): Stage {
    return {
      take: (row) => {
        this.matched += 1
        return stage.take(row)
      },
      finish: () => stage.finish(),
    }
  }

  /** False: the answer is whole, whatever else there is. @throws TooManyRowsError */
  take(row: Row): boolean {
    return this.#first.take(row)
  }

  /** @throws TooManyRowsError */
  finish(): readonly ResultRow[] {
    this.#first.finish()
    const shown = this.#shown ?? ['@timestamp', '@message']
    return this.#rows.map((row) => {
      const fields = shown.flatMap((name): (readonly [string, string])[] => {
        const value = row.get(name)
        return value === undefined ? [] : [[name, textOf(value)]]
      })
      return this.#isOfLines ? [...fields, ['@ptr', textOf(row.get('@ptr'))] as const] : fields
    })
  }
}

/** The fields of the answer in their order: of the last display, else of stats, else of all fields commands. */
function shownFields(commands: readonly Command[]): readonly string[] | undefined {
  let shown: string[] | undefined
  let displayed = false
  for (const command of commands) {
    if (command.kind === 'display') {
      shown = command.fields.map(({ name }) => name)
      displayed = true
    } else if (command.kind === 'stats') {
      shown = [...command.by, ...command.values].map(({ name }) => name)
      displayed = false
    } else if (command.kind === 'fields' && !displayed)
      shown = [...new Set([...(shown ?? []), ...command.fields.map(({ name }) => name)])]
    else if (command.kind === 'parse' && shown !== undefined && !displayed)
      shown = [...new Set([...shown, ...command.names])]
  }
  return shown
}

/** How many rows of a sort anybody behind it can see. */
function keptBy(after: readonly Command[]): number {
  for (const command of after) {
    if (command.kind === 'limit') return command.count
    if (command.kind !== 'fields' && command.kind !== 'display' && command.kind !== 'parse') return MAX_HELD
  }
  return MAX_HELD
}

function stageOf(command: Command, next: Stage, kept: number): Stage {
  switch (command.kind) {
    case 'filter':
      return { take: (row) => (isTrue(command.of(row)) ? next.take(row) : true), finish: () => next.finish() }
    case 'fields':
    case 'display':
      return { take: (row) => next.take(withFields(row, command.fields)), finish: () => next.finish() }
    case 'parse':
      return { take: (row) => next.take(parsed(row, command)), finish: () => next.finish() }
    case 'limit':
      return limitStage(command.count, next)
    case 'dedup':
      return dedupStage(command, next)
    case 'sort':
      return sortStage(command, next, kept)
    case 'stats':
      return statsStage(command, next)
  }
}

function withFields(row: Row, fields: readonly NamedExpression[]): Row {
  return fields.reduce((result, { of, name }) => {
    const value = of(result)
    return result.get(name) === value ? result : result.with(name, value)
  }, row)
}

function parsed(row: Row, command: Command & { readonly kind: 'parse' }): Row {
  const value = command.of(row)
  const match = value === undefined ? null : command.regex.exec(textOf(value))
  if (match === null) return row
  return command.names.reduce((result, name, index) => result.with(name, match.groups?.[name] ?? match[index + 1]), row)
}

function limitStage(count: number, next: Stage): Stage {
  let left = count
  return {
    take(row) {
      if (left === 0) return false
      left -= 1
      return next.take(row) && left > 0
    },
    finish: () => next.finish(),
  }
}

function dedupStage({ fields }: Command & { readonly kind: 'dedup' }, next: Stage): Stage {
  const seen = new Set<string>()
  return {
    take(row) {
      const values = fields.map((of) => of(row))
      // Rows without the field stay.
      if (values.some((value) => value === undefined)) return next.take(row)
      const key = JSON.stringify(values)
      if (seen.has(key)) return true
      if (seen.size >= MAX_HELD) throw new TooManyRowsError(`dedup of more than ${MAX_HELD} values`)
      seen.add(key)
      return next.take(row)
    },
    finish: () => next.finish(),
  }
}

function sortStage({ keys }: Command & { readonly kind: 'sort' }, next: Stage, kept: number): Stage {
  let held: { readonly row: Row; readonly values: readonly Value[] }[] = []
  const order = (): void => {
    held.sort((a, b) => {
      for (const [index, { descending }] of keys.entries()) {
        const [left, right] = [a.values[index], b.values[index]]
        // What is missing comes last, in either order.
        if (left === undefined || right === undefined) {
          if (left !== right) return left === undefined ? 1 : -1
          continue
        }
        const compared = compareValues(left, right)
        if (compared !== 0) return descending ? -compared : compared
      }
      return 0
    })
  }
  return {
    take(row) {
      held.push({ row, values: keys.map(({ of }) => of(row)) })
      if (held.length < Math.max(2 * kept, 1000)) return true
      if (kept === MAX_HELD) throw new TooManyRowsError(`sort of more than ${MAX_HELD} rows`)
      order()
      held = held.slice(0, kept)
      return true
    },
    finish() {
      order()
      for (const { row } of held) if (!next.take(row)) break
      next.finish()
    },
  }
}

function statsStage(command: Command & { readonly kind: 'stats' }, next: Stage): Stage {
  interface Group {
    readonly by: readonly Value[]
    readonly aggregators: readonly Aggregator[]
  }
  const groups = new Map<string, Group>()
  const groupOf = (by: readonly Value[]): Group => {
    const key = JSON.stringify(by.map((value) => value ?? null))
    let group = groups.get(key)
    if (group === undefined) {
      if (groups.size >= MAX_HELD) throw new TooManyRowsError(`stats of more than ${MAX_HELD} groups`)
      groups.set(key, (group = { by, aggregators: command.aggregates.map((start) => start()) }))
    }
    return group
  }
  return {
    take(row) {
      const by = command.by.map(({ of }) => of(row))
      for (const aggregator of groupOf(by).aggregators) aggregator.add(row)
      return true
    },
    finish() {
      // Without groups there is an answer about nothing as well.
      if (command.by.length === 0) groupOf([])
      for (const { by, aggregators } of groups.values()) {
        const values = new Map<string, Value>(aggregators.map((one, place) => [aggregateField(place), one.value()]))
        for (const [index, { name }] of command.by.entries()) values.set(name, by[index])
        const row = plainRow(values)
        const all = command.values.reduce((result, { of, name }) => result.with(name, of(row)), row)
        if (!next.take(all)) break
      }
      next.finish()
    },
  }
}
