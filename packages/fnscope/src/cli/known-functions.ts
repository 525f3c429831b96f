// The functions that are deployed here, for commands that take one's name.
import type { ConsoleFunction } from '../api/console-types.ts'
import type { Client } from './client.ts'
import type { Terminal } from './command.ts'

/** More names than this are not listed. */
const MOST_LISTED = 8

export async function readFunctions(client: Client): Promise<readonly ConsoleFunction[]> {
  return (await client.get<{ readonly functions: readonly ConsoleFunction[] }>('/api/functions')).functions
}

/** @param name physical name, logical id or ARN */
export function functionNamed(functions: readonly ConsoleFunction[], name: string): ConsoleFunction | undefined {
  return functions.find((each) => name === each.logicalId || name === each.name || isArnOf(name, each.name))
}

/** An ARN with or without an alias or version. */
function isArnOf(arn: string, name: string): boolean {
  const [, after] = arn.split(':function:')
  return after === name || after?.startsWith(`${name}:`) === true
}

/**
 * Where nothing was found of a function: says that none of that name is deployed, and which are. What functions elsewhere
 * sent is found by their name, too, so this alone is no error.
 */
export async function tellIfUnknown(client: Client, name: string | undefined, terminal: Terminal): Promise<void> {
  if (name === undefined) return
  const functions = await readFunctions(client)
  if (functionNamed(functions, name) !== undefined) return
  const listed = functions.slice(0, MOST_LISTED).map(({ logicalId }) => logicalId)
  const rest = functions.length - listed.length
  terminal.notice(
    functions.length === 0
      ? 'No function is deployed here: fnscope deploy APP_DIR'
      : `No function ${name} is deployed here. There ${functions.length === 1 ? 'is' : 'are'} ${listed.join(', ')}${rest > 0 ? ` and ${rest} more: fnscope functions` : ''}.`,
  )
}
