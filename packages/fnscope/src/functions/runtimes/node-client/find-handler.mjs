// From `src/app.handlers.hello` to a function: the file `src/app` under the task root, in it the members `handlers.hello`.
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { streamingMarks } from './awslambda-global.mjs'
import { hookModulesByLoader } from './module-paths.mjs'
import { isModulePackage } from './package-scope.mjs'
import { runtimeError, userCodeSyntaxError } from './error-body.mjs'

const CALLBACK_MESSAGE =
  'ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this function to use a supported handler signature to use Node.js 24 or later. For more information see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.'

/**
 * @param {string} root the task root
 * @param {string} name as configured
 * @param {{promisesOnly: boolean}} options true: files are imported, and a handler that takes a callback is refused
 * @throws errors named Runtime.MalformedHandlerName, .HandlerNotFound, .ImportModuleError, .UserCodeSyntaxError,
 *   .MalformedStreamingHandler, .CallbackHandlerDeprecated, and what the module itself throws
 */
export async function findHandler(root, name, { promisesOnly }) {
  if (name.includes('..')) {
    throw runtimeError(
      'MalformedHandlerName',
      `'${name}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    )
  }
  const last = basename(name)
  const dot = last.indexOf('.')
  if (dot < 0) throw runtimeError('MalformedHandlerName', 'Bad handler')
  const file = resolve(root, name.slice(0, name.indexOf(last)), last.slice(0, dot))
  const module = await loadModule(file, { root, promisesOnly })
  const members = last.slice(dot + 1)
  const handler = memberOf(module, members) ?? (promisesOnly ? memberOf(module?.default, members) : undefined)
  if (!handler) throw runtimeError('HandlerNotFound', `${name} is undefined or not exported`)
  if (typeof handler !== 'function') throw runtimeError('HandlerNotFound', `${name} is not a function`)
  const { streaming } = handlerMetadata(handler)
  if (promisesOnly && !streaming && handler.length >= 3)
    throw runtimeError('CallbackHandlerDeprecated', CALLBACK_MESSAGE)
  return handler
}

/** @returns {{streaming: boolean, highWaterMark: number | undefined}} */
export function handlerMetadata(handler) {
  const { streaming, highWaterMark } = streamingMarks(handler)
  if (streaming && streaming !== 'response')
    throw runtimeError('MalformedStreamingHandler', 'Only response streaming is supported.')
  const mark = Number(highWaterMark)
  return { streaming: streaming === 'response', highWaterMark: highWaterMark && mark ? mark : undefined }
}

function memberOf(module, members) {
  let value = module
  for (const name of members.split('.')) value = value?.[name]
  return value
}

async function loadModule(file, { root, promisesOnly }) {
  try {
    return await loadFile(file, { root, promisesOnly })
  } catch (error) {
    if (error instanceof SyntaxError) throw userCodeSyntaxError(error)
    // An import that finds nothing has another code, and stays what it is: so it is on the cloud.
    if (error?.code === 'MODULE_NOT_FOUND') throw runtimeError('ImportModuleError', `${error.name}: ${error.message}`)
    throw error
  }
}

async function loadFile(file, { root, promisesOnly }) {
  const require = createRequire(new URL('index.mjs', import.meta.url))
  const load = async (path) => {
    const isModule = path.endsWith('.mjs') || (path.endsWith('.js') && isModulePackage(dirname(path)))
    if (isModule) hookModulesByLoader()
    return isModule || promisesOnly ? await import(pathToFileURL(path)) : require(path)
  }
  for (const extension of ['', '.js', '.mjs', '.cjs']) {
    if (existsSync(file + extension)) return await load(file + extension)
  }
  // A package or a directory of that name, found as require does.
  return require(require.resolve(basename(file), { paths: [root, dirname(file)] }))
}
