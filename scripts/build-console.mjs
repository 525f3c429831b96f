// `npm run build`: the console's static files (packages/ui/dist), when what they are made of changed.
import { ensureConsole, ensureDependencies, withSetup } from './setup.mjs'

await withSetup(async () => {
  await ensureDependencies()
  await ensureConsole()
  return 0
})
