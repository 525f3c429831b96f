#!/usr/bin/env node
// Finds a Node that runs fnscope (26 or newer) and starts main.ts under it. Plain JavaScript, no dependencies: this file
// must run under any Node from 20 on.
import { spawn } from 'node:child_process'
import module, { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { existsSync } from 'node:fs'
import { constants, homedir } from 'node:os'
import { fileURLToPath } from 'node:url'
import v8 from 'node:v8'

// In place of the command line, which every user of the machine can list: it may hold a token or a store's password.
process.title = 'fnscope'

const MAJOR = 26
const main = join(dirname(fileURLToPath(import.meta.url)), '../src/main.ts')

/** The binary of the `node` npm package that fnscope depends on. */
function pinnedNode() {
  try {
    const manifest = createRequire(import.meta.url).resolve('node/package.json')
    const binary = join(dirname(manifest), 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
    return existsSync(binary) ? binary : undefined
  } catch {
    return undefined
  }
}

function runUnder(binary) {
  // The fourth stream tells the child when this process is gone, however it ended (src/cli/watch-parent.ts).
  const child = spawn(binary, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    env: { ...process.env, FNSCOPE_PARENT_FD: '3' },
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.once('error', (error) => {
    process.stderr.write(`error ${binary} cannot be started: ${error.message}\n`)
    process.exitCode = 1
  })
  child.once('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)))
}

if (Number(process.versions.node.split('.')[0]) >= MAJOR) {
  // halves the start: types are stripped and sources compiled once. In a directory that only this user can write.
  module.enableCompileCache(join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'fnscope/compiled'))
  // Buffers of requests and of the log come and go by hundreds of megabytes beside a heap of 25: by default every 64 MB of
  // them begin a full collection, a sixth of all CPU at full load (docs/decisions/010-where-the-time-goes.md).
  v8.setFlagsFromString('--external-memory-accounted-in-global-limit')
  await import(main)
} else {
  const binary = pinnedNode()
  if (binary === undefined) {
    process.stderr.write(
      `error fnscope needs Node ${MAJOR}; this is ${process.version}, and the pinned one is not installed. Run npm install here, or use Node ${MAJOR}.\n`,
    )
    process.exitCode = 1
  } else {
    runUnder(binary)
  }
}
