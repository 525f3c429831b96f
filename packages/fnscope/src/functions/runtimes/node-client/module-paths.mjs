// Since nodejs18.x an `import` finds packages on NODE_PATH too, as `require` always did: layers and the runtime's AWS SDK.
// Node itself does not read it for modules; a resolution that failed is tried again from each of its directories.
import { existsSync } from 'node:fs'
import module from 'node:module'
import { delimiter, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isBelowModule, scoped } from './package-scope.mjs'

const NOT_FOUND = 'ERR_MODULE_NOT_FOUND'

/** A bare name: neither a path nor a URL nor a package's own `#import`. */
const isBare = (specifier) => !/^([./#]|[a-zA-Z][a-zA-Z\d+.-]+:)/.test(specifier)

const directories = (process.env.NODE_PATH ?? '')
  .split(delimiter)
  .filter((dir) => dir.endsWith('/node_modules') && existsSync(dir))
  .map((dir) => pathToFileURL(join(dir, '..', 'runtime.mjs')).href)

const isNeeded = directories.length > 0 || isBelowModule

/** Where Node can do it at once (22.15). */
export function hookModules() {
  if (isNeeded) module.registerHooks?.({ resolve: resolveSync })
}

/** Before 22.15: by a loader in a thread of its own, which takes its time to start. For handlers that are modules. */
export function hookModulesByLoader() {
  if (isNeeded && !module.registerHooks) module.register?.(import.meta.url)
}

function resolveSync(specifier, context, next) {
  try {
    return scoped(next(specifier, context))
  } catch (error) {
    if (error.code !== NOT_FOUND || !isBare(specifier)) throw error
    for (const parentURL of directories) {
      try {
        return next(specifier, { ...context, parentURL })
      } catch (other) {
        if (other.code !== NOT_FOUND) throw other
      }
    }
    throw error
  }
}

/** The loader's hook, for Node before 22.15. */
export async function resolve(specifier, context, next) {
  try {
    return scoped(await next(specifier, context))
  } catch (error) {
    if (error.code !== NOT_FOUND || !isBare(specifier)) throw error
    for (const parentURL of directories) {
      try {
        return await next(specifier, { ...context, parentURL })
      } catch (other) {
        if (other.code !== NOT_FOUND) throw other
      }
    }
    throw error
  }
}
