// aws-sam-translator, the transform the cloud runs, is asked for the same templates: logical ids must agree.
import assert from 'node:assert/strict'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import { parseTemplate } from '../../packages/fnscope/src/deploy/template-yaml.ts'
import { generatedResource } from '../../packages/fnscope/src/deploy/generated-resource.ts'
import { mapAt } from '../../packages/fnscope/src/deploy/template-value.ts'
import { appDir, read, run, temporaryDir } from './app-fixture.ts'

const PYTHON = 'python3.11'

async function withoutOracle(): Promise<string | undefined> {
  return await run(PYTHON, ['-c', 'import samtranslator']).then(
    () => undefined,
    () => `SKIPPED: aws-sam-translator is not installed for ${PYTHON} (pip install aws-sam-translator)`,
  )
}

const SCRIPT = `
import json, os, sys
os.environ.setdefault('AWS_DEFAULT_REGION', 'us-east-1')
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
template = json.load(sys.stdin if len(sys.argv) < 2 else open(sys.argv[1]))
for resource in template['Resources'].values():
    for key in ('CodeUri', 'ContentUri'):
        if key in resource.get('Properties', {}):
            resource['Properties'][key] = 's3://bucket/key'
class Policies(dict):
    def get(self, key, default=None):
        return 'arn:aws:iam::aws:policy/' + key
out = Translator(Policies(), Parser()).translate(template, {})
print(json.dumps({
    'resources': {key: value['Type'] for key, value in out['Resources'].items()},
    'outputs': list(out.get('Outputs', {})),
    'paths': {key: {path: sorted(item) for path, item in value['Properties']['Body']['paths'].items()}
              for key, value in out['Resources'].items() if value['Type'] == 'AWS::ApiGateway::RestApi'},
}))
`

interface Oracle {
  readonly resources: Readonly<Record<string, string>>
  readonly outputs: readonly string[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>
}

const skip = await withoutOracle()

for (const name of ['sam-app', 'sam-powertools', 'xray-python', 'node-basic']) {
  test(
    `${name}: functions, APIs, routes, outputs and generated ids agree with aws-sam-translator`,
    { skip },
    async (t) => {
      const source = parseTemplate(await readFile(join(appDir(name), 'template.yaml'), 'utf8'), 'template.yaml')
      const dir = await temporaryDir(t)
      await writeFile(join(dir, 'in.json'), JSON.stringify(source))
      const { stdout } = await run(PYTHON, ['-c', SCRIPT, join(dir, 'in.json')])
      const oracle = JSON.parse(stdout) as Oracle
      const idsOf = (type: string): string[] =>
        Object.keys(oracle.resources)
          .filter((id) => oracle.resources[id] === type)
          .sort()

      await cp(appDir(name), join(dir, name), { recursive: true })
      const app = await read(join(dir, name))
      assert.deepEqual(app.functions.map((fn) => fn.logicalId).sort(), idsOf('AWS::Lambda::Function'))
      assert.deepEqual(app.triggers.restApis.map((api) => api.logicalId).sort(), idsOf('AWS::ApiGateway::RestApi'))
      assert.deepEqual(Object.keys(app.outputs), oracle.outputs)
      for (const api of app.triggers.restApis) {
        const ours = api.routes.map((route) => `${route.method} ${route.path}`).sort()
        const theirs = Object.entries(oracle.paths[api.logicalId] ?? {}).flatMap(([path, methods]) =>
          methods.map((method) => `${method.replace('x-amazon-apigateway-any-method', 'ANY').toUpperCase()} ${path}`),
        )
        assert.deepEqual(ours, theirs.sort())
      }

      // Every id the transform adds is one a template may refer to here, with the type the transform gives it.
      const resources = mapAt(source['Resources'], 'Resources')
      for (const [id, type] of Object.entries(oracle.resources)) {
        if (Object.hasOwn(resources, id)) continue
        assert.equal(generatedResource(resources, id)?.type, type, id)
      }
    },
  )
}
