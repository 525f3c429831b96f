// Loaded by Node before a function, to tell of the modules that it loads, as Python does of its own: one line to standard
// error when a load ends, what lies within before what it lies in (functions/anatomy/import-lines.ts). It listens to what
// Node publishes of its own loading; below 22.4, which publishes nothing, it stands around the loader of CommonJS.
'use strict'
const { writeSync } = require('node:fs')
const Module = require('node:module')
const { performance } = require('node:perf_hooks')
const { relative } = require('node:path')
const { fileURLToPath } = require('node:url')
const channels = require('node:diagnostics_channel')

/** What is loaded already is found in less. */
const LEAST_MS = 0.05

/** Loads that have begun, each with the time that those within it took. */
const open = []
const imports = new WeakMap()

function begin(name) {
  const load = { name, startMs: performance.now(), innerMs: 0, depth: open.length }
  open.push(load)
  return load
}

function end(load) {
  const at = open.lastIndexOf(load)
  if (at < 0) return
  open.splice(at, 1)
  const tookMs = performance.now() - load.startMs
  const outer = open[at - 1]
  if (outer) outer.innerMs += tookMs
  if (tookMs >= LEAST_MS) write(load, tookMs)
}

function write({ name, depth, innerMs }, tookMs) {
  const micros = (ms) => String(Math.max(0, Math.round(ms * 1000)))
  const line = `import time: ${micros(tookMs - innerMs)} | ${micros(tookMs)} | ${'  '.repeat(depth)}${name}\n`
  try {
    writeSync(2, line)
  } catch {
    // The pipe is full or closed: one line less.
  }
}

/** `express` and `./routes` as they are asked for; a whole path from where the function lies. */
function nameOf(id) {
  const path = id.startsWith('file:') ? fileURLToPath(id) : id
  return path.startsWith('/') ? relative(process.cwd(), path) || path : path
}

const isOwn = (id) => typeof id === 'string' && id !== '' && !Module.isBuiltin(id)

const [major, minor] = process.versions.node.split('.').map(Number)
if (major > 22 || (major === 22 && minor >= 4)) {
  channels.tracingChannel('module.require').subscribe({
    start: (message) => isOwn(message.id) && imports.set(message, begin(nameOf(message.id))),
    end: (message) => imports.has(message) && end(imports.get(message)),
  })
  channels.tracingChannel('module.import').subscribe({
    start: (message) => isOwn(message.url) && imports.set(message, begin(nameOf(message.url))),
    asyncEnd: (message) => imports.has(message) && end(imports.get(message)),
  })
} else {
  const load = Module._load
  Module._load = function (id, ...rest) {
    if (!isOwn(id)) return load.call(this, id, ...rest)
    const begun = begin(nameOf(id))
    try {
      return load.call(this, id, ...rest)
    } finally {
      end(begun)
    }
  }
}

// All that was before: the start of the process itself.
write({ name: '(runtime)', depth: 0, innerMs: 0 }, performance.now())
