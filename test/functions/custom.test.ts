// Custom runtimes: a script, a Go program and a Rust program as `bootstrap`, and what cannot start.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, cpSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import type { FnscopeError } from '../../packages/fnscope/src/errors.ts'
import { bodies, json, startHarness, TEST_CACHE, type Harness } from './harness.ts'

const run = promisify(execFile)

let harness: Harness
before(() => {
  harness = startHarness()
})
after(() => harness.stop())

const SCRIPT = `#!/bin/sh
api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation
while true; do
  head=$(mktemp)
  event=$(curl -sS -D "$head" "$api/next")
  id=$(tr -d '\\r' < "$head" | sed -n 's/^lambda-runtime-aws-request-id: //Ip')
  echo "handling $_HANDLER" >&2
  curl -sS -X POST "$api/$id/response" -d "{\\"got\\":$event,\\"task\\":\\"$LAMBDA_TASK_ROOT\\",\\"env\\":\\"\${AWS_EXECUTION_ENV-none}\\"}" > /dev/null
done
`

function bootstrap(dir: string, text: string, mode = 0o755): void {
  mkdirSync(dir, { recursive: true })
  writeFileSync(join(dir, 'bootstrap'), text)
  chmodSync(join(dir, 'bootstrap'), mode)
}

const PROVIDED = { runtime: 'provided.al2023', handler: 'any.thing' } as const

test('a script is a runtime: it has the handler, the task root and no AWS_EXECUTION_ENV', async (t) => {
  if (!(await has('curl', t))) return
  const spec = harness.add({}, { ...PROVIDED, codeDir: join(harness.dir, 'script') })
  bootstrap(spec.codeDir, SCRIPT)
  const answer = await harness.call(spec.name, { a: 1 })
  const { got, env } = json(answer) as Record<string, unknown>
  assert.deepEqual([got, env], [{ a: 1 }, 'none'])
  assert.ok(bodies(answer).includes('handling any.thing'))
})

test('without one in the code, the bootstrap of the last layer that has one is taken', async (t) => {
  if (!(await has('curl', t))) return
  const layers = [join(harness.dir, 'layer-a'), join(harness.dir, 'layer-b')]
  bootstrap(layers[0]!, SCRIPT)
  mkdirSync(layers[1]!)
  const spec = harness.add({ 'data.txt': '' }, { ...PROVIDED, layerDirs: layers })
  assert.deepEqual((json(await harness.call(spec.name, [1])) as Record<string, unknown>)['got'], [1])
})

test('a bootstrap that is missing, not executable or for another machine is refused by its name', async () => {
  const refused = async (codeDir: string): Promise<string> => {
    const spec = harness.add({ 'data.txt': '' }, { ...PROVIDED, codeDir })
    const error = await harness.call(spec.name).then(
      () => assert.fail('it ran'),
      (thrown: unknown) => thrown as FnscopeError,
    )
    assert.equal(error.code, 'FNS_BOOTSTRAP_INVALID')
    return error.message
  }
  const dir = (name: string): string => join(harness.dir, name)
  mkdirSync(dir('none'))
  assert.match(await refused(dir('none')), /there is none at .*none\/bootstrap/)
  bootstrap(dir('plain'), '#!/bin/sh\n', 0o644)
  assert.match(await refused(dir('plain')), /plain\/bootstrap is not executable/)
  const elf = Buffer.alloc(64)
  elf.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  elf.writeUInt16LE(243, 18)
  bootstrap(dir('riscv'), '')
  writeFileSync(join(dir('riscv'), 'bootstrap'), elf)
  assert.match(await refused(dir('riscv')), /riscv\/bootstrap is a (Linux )?program for riscv64, and this/)
})

const GO = {
  'go.mod': 'module greet\n\ngo 1.19\n\nrequire github.com/aws/aws-lambda-go v1.47.0\n',
  'main.go': `package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type Event struct {
	Name string \`json:"name"\`
}

func handle(ctx context.Context, event Event) (map[string]string, error) {
	if event.Name == "" {
		return nil, errors.New("no name")
	}
	lc, _ := lambdacontext.FromContext(ctx)
	fmt.Println("greeting", event.Name)
	return map[string]string{"hello": event.Name, "id": lc.AwsRequestID}, nil
}

func main() { lambda.Start(handle) }
`,
}

const RUST = {
  'Cargo.toml':
    '[package]\nname = "bootstrap"\nversion = "0.1.0"\nedition = "2021"\n\n[dependencies]\nlambda_runtime = { version = "0.13", default-features = false }\nserde_json = "1"\ntokio = { version = "1", features = ["macros", "rt"] }\n\n[profile.dev]\ndebug = 0\n',
  'src/main.rs': `use lambda_runtime::{run, service_fn, Error, LambdaEvent};
use serde_json::{json, Value};

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let name = event.payload["name"].as_str().ok_or("no name")?.to_string();
    println!("greeting {name}");
    Ok(json!({ "hello": name, "id": event.context.request_id }))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(handle)).await
}
`,
}

interface Built {
  readonly tool: string
  readonly files: Readonly<Record<string, string>>
  /** Runs in the directory of the files. @returns the program */
  build(dir: string): Promise<string>
}

const BUILDS: Readonly<Record<string, Built>> = {
  Go: {
    tool: 'go',
    files: GO,
    async build(dir) {
      const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=mod' }
      await run('go', ['build', '-tags', 'lambda.norpc', '-o', 'bootstrap', '.'], { cwd: dir, env })
      return join(dir, 'bootstrap')
    },
  },
  Rust: {
    tool: 'cargo',
    files: RUST,
    async build(dir) {
      await run('cargo', ['build', '--quiet'], { cwd: dir, maxBuffer: 16 * 1024 * 1024 })
      return join(dir, 'target', 'debug', 'bootstrap')
    },
  },
}

for (const [language, built] of Object.entries(BUILDS)) {
  test(`a ${language} program runs unmodified: its answer, its line, its error`, { timeout: 600_000 }, async (t) => {
    if (!(await has(built.tool, t))) return
    const program = await buildOnce(language, built)
    const spec = harness.add({}, { ...PROVIDED, codeDir: dirname(program) })
    const good = await harness.call(spec.name, { name: 'Ada' })
    assert.deepEqual(json(good), { hello: 'Ada', id: good.requestId })
    assert.ok(bodies(good).includes('greeting Ada'))
    const bad = await harness.call(spec.name, {})
    assert.equal(bad.functionError, 'Unhandled')
    assert.match((json(bad) as { readonly errorMessage: string }).errorMessage, /no name/)
  })
}

async function has(tool: string, t: TestContext): Promise<boolean> {
  const found = await run(tool, [tool === 'go' ? 'version' : '--version']).then(
    () => true,
    () => false,
  )
  if (!found) t.skip(`${tool} is not on this machine`)
  return found
}

/** The program of these sources, kept between runs of the tests. */
async function buildOnce(language: string, { files, build }: Built): Promise<string> {
  const key = createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 16)
  const target = join(TEST_CACHE, 'programs', `${language}-${key}`)
  const program = join(target, 'bootstrap')
  if (existsSync(program)) return program
  const sources = `${target}.${process.pid}`
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(sources, name)), { recursive: true })
    writeFileSync(join(sources, name), text)
  }
  try {
    const made = await build(sources)
    mkdirSync(`${sources}.out`)
    cpSync(made, join(`${sources}.out`, 'bootstrap'))
    if (!existsSync(target)) renameSync(`${sources}.out`, target)
  } finally {
    rmSync(sources, { recursive: true, force: true })
    rmSync(`${sources}.out`, { recursive: true, force: true })
  }
  return program
}
