// An app that a test has in its own text, run by a fnscope of its own. `@site@` in the template is where the test clients'
// Python packages lie: functions add it to their path.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runPython, startFnscope, temporaryDir, type StartedFnscope } from './started-fnscope.ts'

export interface InlineApp extends AsyncDisposable {
  readonly fnscope: StartedFnscope
  readonly dir: string
}

/** @param code of `src/app.py` */
export async function startInlineApp(
  name: string,
  {
    template,
    code,
    args = [],
  }: { readonly template: string; readonly code: string; readonly args?: readonly string[] },
): Promise<InlineApp> {
  const dir = temporaryDir(name)
  const site = template.includes('@site@')
    ? await runPython<string>(
        'import json, sysconfig; print(json.dumps(sysconfig.get_paths()["purelib"]))',
        process.env,
      )
    : ''
  mkdirSync(join(dir, 'src'))
  writeFileSync(join(dir, 'template.yaml'), template.replace('@site@', site))
  writeFileSync(join(dir, 'src/app.py'), code)
  const fnscope = await startFnscope({ app: dir, args })
  return {
    fnscope,
    dir,
    async [Symbol.asyncDispose]() {
      await fnscope[Symbol.asyncDispose]()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
