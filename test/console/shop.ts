// A running fnscope whose console has something to show: functions that were called, a graph of services, telemetry
// through every door. For the tests of the pages.
import { join } from 'node:path'
import type {
  ConsoleColdStarts,
  ConsoleDoor,
  ConsoleLogLine,
  ConsoleMap,
} from '../../packages/fnscope/src/api/console-types.ts'
import { epochSeconds, putDocuments } from '../clients/xray-client.ts'
import { shopTrace } from '../clients/xray-shop.ts'
import { APPS, eventually, startFnscope, type StartedFnscope } from '../started-fnscope.ts'

const CALLS = [
  ['orders', { id: 1, customer: 'Ana', country: 'DE', items: 2 }],
  ['orders', { id: 2, customer: 'Ana', country: 'FR', items: 1 }],
  ['orders', { id: 3, customer: 'Bob', country: 'FR', items: 4, fail: true }],
  ['orders', { id: 4, customer: 'Zoë', country: 'JP', items: 3 }],
  ['payments', {}],
] as const
/** Each measures the value of its order. */
const ORDERS = CALLS.filter(([name]) => name === 'orders').length

export async function startShop(): Promise<StartedFnscope> {
  const fnscope = await startFnscope({ app: join(APPS, 'shop'), args: ['--anatomy'] })
  try {
    await fill(fnscope)
  } catch (error) {
    await fnscope[Symbol.asyncDispose]()
    throw error
  }
  return fnscope
}

async function fill(fnscope: StartedFnscope): Promise<void> {
  for (const [name, event] of CALLS)
    await ask(fnscope, 'POST', `/2015-03-31/functions/${name}/invocations`, JSON.stringify(event))
  await putDocuments(fnscope, shopTrace(Math.floor(epochSeconds()) - 120).documents)
  const { doors } = (await (await ask(fnscope, 'GET', '/api/doors')).json()) as { doors: ConsoleDoor[] }
  for (const { name, sample } of doors) if (sample) await ask(fnscope, 'POST', `/api/doors/${name}/sample`)
  await eventually(async () => {
    const map = (await (await ask(fnscope, 'GET', '/api/map')).json()) as ConsoleMap
    const names = new Set(map.nodes.map(({ name }) => name))
    return names.has('orders') && names.has('web') && names.has('sample-zipkin') ? true : undefined
  })
  // Callers are answered before their log lines, figures and segments are stored.
  await eventually(async () => {
    const { lines } = (await (await ask(fnscope, 'GET', '/api/logs?since=1h')).json()) as { lines: ConsoleLogLine[] }
    const { points } = (await (await ask(fnscope, 'GET', '/api/metrics?name=OrderValue')).json()) as {
      points: readonly object[]
    }
    const cold = (await (await ask(fnscope, 'GET', '/api/functions/orders/cold-starts')).json()) as ConsoleColdStarts
    const reports = lines.filter(({ body }) => body.includes('REPORT'))
    const isWhole = reports.length === CALLS.length && (cold.versions[0]?.imports.length ?? 0) > 0
    return isWhole && points.length === ORDERS ? true : undefined
  })
}

export async function ask(fnscope: StartedFnscope, method: string, path: string, body?: string): Promise<Response> {
  const response = await fetch(fnscope.url + path, {
    method,
    headers: { authorization: 'Bearer here', 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body }),
  })
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
  return response
}
