// Where the search for `package.json` ends: at the task root, for nothing lies above /var/task on the cloud. Here the code
// may lie in a project whose own package.json says `"type": "module"`; without this, its kind would be the function's.
import { readFileSync, realpathSync } from 'node:fs'
import Module from 'node:module'
import { basename, dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compileFunction } from 'node:vm'

const root = realpathSync(process.env.LAMBDA_TASK_ROOT)
const known = new Map()

/** Whether the nearest package.json, of the function's own, says that .js files are ECMAScript modules. */
export function isModulePackage(dir) {
  return typeOf(realpathSync(dir)) === 'module'
}

/** True: something above the task root would say so of a function that says nothing. */
export const isBelowModule = dirname(root) !== root && typeOf(dirname(root)) === 'module'

/** Has `require` read the function's files as what they are; it alone knows that a file has no package. */
export function hookRequire() {
  if (!isBelowModule) return
  const native = Module._extensions['.js']
  Module._extensions['.js'] = (module, path) => {
    if (saysNothing(path)) module._compile(readFileSync(path, 'utf8'), path)
    else native(module, path)
  }
}

/** What an `import` resolved to, of the kind that it has. */
export function scoped(resolved) {
  if (!isBelowModule || resolved.format !== 'module' || !/^file:.*\.js$/.test(resolved.url)) return resolved
  const path = fileURLToPath(resolved.url)
  return saysNothing(path) && !isDetected(path) ? { ...resolved, format: 'commonjs' } : resolved
}

/** It is a file of the function, and no package.json between it and the task root is there. */
function saysNothing(path) {
  return path.startsWith(root + sep) && typeOf(dirname(path)) === undefined
}

/** `none`: it has a package.json without a type; undefined: it has none at all. */
function typeOf(dir) {
  if (known.has(dir)) return known.get(dir)
  const type = ownTypeOf(dir) ?? (dir === root || dirname(dir) === dir ? undefined : typeOf(dirname(dir)))
  known.set(dir, type)
  return type
}

function ownTypeOf(dir) {
  if (basename(dir) === 'node_modules') return 'none'
  try {
    return JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')).type ?? 'none'
  } catch (error) {
    return error.code === 'ENOENT' ? undefined : 'none'
  }
}

/** Where Node looks into the text of a file without a package, one that only a module can have makes it one. */
function isDetected(path) {
  if (process.execArgv.includes('--no-experimental-detect-module')) return false
  try {
    compileFunction(readFileSync(path, 'utf8'), ['exports', 'require', 'module', '__filename', '__dirname'])
    return false
  } catch (error) {
    return /import statement outside a module|'import\.meta' outside a module|token 'export'/.test(error.message)
  }
}
