// The body of POST /api/apps, checked: `{"dir": "/absolute/path", "parameters": {"Name": "value"}}`.
import { isAbsolute } from 'node:path'
import { FnscopeError } from '../errors.ts'

export interface DeployRequest {
  readonly dir: string
  readonly parameters: Readonly<Record<string, string>>
}

/** `body` is the request's bytes, undefined without any. @throws FnscopeError FNS_USAGE naming the bad field */
export function readDeployRequest(body: unknown): DeployRequest {
  const { dir, parameters = {} } = parseObject(body)
  // a relative one would be resolved where the server runs, not where its caller stands
  if (typeof dir !== 'string' || !isAbsolute(dir)) throw refused('"dir" must be an absolute path')
  if (!isObject(parameters)) throw refused('"parameters" must be an object of strings')
  const bad = Object.keys(parameters).find((name) => typeof parameters[name] !== 'string')
  if (bad !== undefined) throw refused(`"parameters.${bad}" must be a string`)
  return { dir, parameters: parameters as Record<string, string> }
}

function parseObject(body: unknown): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(Buffer.isBuffer(body) ? body.toString('utf8') : '')
  } catch {
    value = undefined
  }
  if (!isObject(value)) throw refused('the body must be a JSON object')
  return value
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function refused(what: string): FnscopeError {
  return new FnscopeError('FNS_USAGE', `POST /api/apps: ${what}, like {"dir": "/home/me/app", "parameters": {}}.`)
}
