// `npm start`: sets up what is missing, then runs the demo (packages/fnscope/src/cli/demo.ts).
import { join } from 'node:path'
import { ROOT, ensureConsole, ensureDependencies, ensurePython, runHere, withSetup } from './setup.mjs'

await withSetup(async () => {
  await ensureDependencies()
  ensurePython()
  await ensureConsole()
  return await runHere(process.execPath, [
    join(ROOT, 'packages/fnscope/bin/fnscope.mjs'),
    'demo',
    ...process.argv.slice(2),
  ])
})
