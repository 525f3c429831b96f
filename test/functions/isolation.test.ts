// The two ways in which functions are kept apart from the machine, side by side: what a function sees of its code, its
// layers and its /tmp must be the same for code that asks as the cloud's documents say.
import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { chooseIsolation } from '../../packages/fnscope/src/functions/isolation/choose-isolation.ts'
import { isolationState } from '../../packages/fnscope/src/functions/isolation/isolation-state.ts'
import { extensionLayer, LISTENER } from './extension-layer.ts'
import { addFc, callFc, textOf } from './fc-harness.ts'
import { bodies, json, startHarness, TEST_CACHE, type Harness } from './harness.ts'

const namespace = await chooseIsolation('auto', TEST_CACHE)
const plain = await chooseIsolation('none', TEST_CACHE)

test('what was chosen is said, with the reason where there are no namespaces', () => {
  assert.deepEqual(isolationState(plain), {
    active: 'none',
    says: 'plain processes with rewritten paths. It was asked for (--isolation none).',
  })
  assert.match(
    isolationState(namespace).says,
    /^(namespaces of their own|plain processes with rewritten paths\. .+\.$)/,
  )
})

for (const isolation of [plain, namespace]) {
  const skip = isolation === namespace && namespace.kind === 'none' ? namespace.reason : false
  describe(isolation === plain ? 'plain processes' : 'namespaces', { skip }, () => {
    let harness: Harness
    before(() => {
      harness = startHarness({ isolation })
    })
    after(() => harness.stop())

    function dir(name: string, files: Readonly<Record<string, string>>): string {
      const root = join(harness.dir, name)
      for (const [file, text] of Object.entries(files)) {
        mkdirSync(dirname(join(root, file)), { recursive: true })
        writeFileSync(join(root, file), text)
        if (text.startsWith('#!')) chmodSync(join(root, file), 0o755)
      }
      return root
    }

    test('what variables name of a project is there, below /tmp too, and /tmp is the function’s all the same', async () => {
      const shared = dir('shared', { 'lib/own.py': 'who = "the project"', 'settings.json': '{}' })
      const text =
        'import os, own, tempfile\ndef handler(e, c):\n    with tempfile.NamedTemporaryFile() as f: f.write(b"x")\n    return [own.who, open(os.environ["SETTINGS"]).read()]\n'
      const environment = { PYTHONPATH: join(shared, 'lib'), SETTINGS: join(shared, 'settings.json') }
      const { name } = harness.add({ 'app.py': text }, { environment })
      for (const _ of ['cold', 'warm']) assert.deepEqual(json(await harness.call(name)), ['the project', '{}'])
    })

    test('layers are one tree, a later one wins; its programs, libraries and modules are found', async () => {
      const layerDirs = [
        dir('one', {
          'bin/tool': '#!/bin/sh\necho one\n',
          'python/shared.py': 'who = 1',
          'python/first.py': 'x = 1',
          'data/a': 'a',
        }),
        dir('two', { 'bin/tool': '#!/bin/sh\necho two\n', 'python/shared.py': 'who = 2', 'data/b': 'b' }),
      ]
      const spec = harness.add(
        {
          'app.py':
            'import os, shared, first, subprocess\ndef handler(e, c):\n    data = os.environ["DATA"]\n    return [shared.who, first.x, subprocess.check_output(["tool"], text=True).strip(), sorted(os.listdir(data))]\n',
        },
        { layerDirs, environment: { DATA: '/opt/data' } },
      )
      assert.deepEqual(json(await harness.call(spec.name)), [2, 1, 'two', ['a', 'b']])
    })

    test('a wrapper in a layer and one in the code are found by the cloud’s paths', async () => {
      const wrapper = '#!/bin/sh\nexport WRAPPED=yes\nexec "$@"\n'
      const layerDirs = [dir('wrapping', { wrap: wrapper }), dir('other', { x: '' })]
      for (const path of ['/opt/wrap', '/var/task/wrap']) {
        const spec = harness.add(
          { 'app.py': 'import os\ndef handler(e, c):\n    return os.environ.get("WRAPPED")\n', wrap: wrapper },
          { layerDirs, environment: { AWS_LAMBDA_EXEC_WRAPPER: path } },
        )
        chmodSync(join(spec.codeDir, 'wrap'), 0o755)
        assert.equal(json(await harness.call(spec.name)), 'yes', path)
      }
      const gone = harness.add(
        { 'app.py': 'def handler(e, c):\n    return 1\n' },
        { environment: { AWS_LAMBDA_EXEC_WRAPPER: '/opt/nobody' } },
      )
      const answer = await harness.call(gone.name)
      assert.match(Buffer.from(answer.payload).toString(), /Runtime\.ExitError.*exit status 127/)
    })

    test('temporary files outlive an invocation, not the environment, and are its own', async () => {
      const code =
        'import os, tempfile\ndef handler(e, c):\n    at = os.path.join(tempfile.gettempdir(), "kept")\n    if e: os._exit(1)\n    known = os.path.exists(at)\n    open(at, "w").close()\n    return known\n'
      const spec = harness.add({ 'app.py': code })
      assert.equal(json(await harness.call(spec.name, 0)), false)
      assert.equal(json(await harness.call(spec.name, 0)), true)
      await harness.call(spec.name, 1)
      assert.equal(json(await harness.call(spec.name, 0)), true)
      const other = harness.add({ 'app.py': code })
      assert.equal(json(await harness.call(other.name, 0)), false)
    })

    test('packages of a build are found beside the code, and its files by relative paths', async () => {
      const spec = harness.add(
        {
          'app.py': 'import built\ndef handler(e, c):\n    return [built.x, open("data.txt").read()]\n',
          'data.txt': 'mine',
        },
        { dependencyDirs: [dir('build', { 'built.py': 'x = "built"\n' })] },
      )
      assert.deepEqual(json(await harness.call(spec.name)), ['built', 'mine'])
    })

    test('two functions whose files agree in name, size and time run each its own code', async () => {
      const specs = ['a', 'b'].map((text) => harness.add({ 'app.py': `def handler(e, c):\n    return "${text}"\n` }))
      const { utimesSync } = await import('node:fs')
      for (const { codeDir } of specs) utimesSync(join(codeDir, 'app.py'), 1_700_000_000, 1_700_000_000)
      for (const [index, { name }] of specs.entries()) assert.equal(json(await harness.call(name)), 'ab'[index])
    })
  })
}

const skip = namespace.kind === 'none' ? namespace.reason : false

test(
  'in a namespace the paths are the cloud’s, code and layers are read-only, and the machine’s processes are out of sight',
  { skip },
  async () => {
    const harness = startHarness({ isolation: namespace })
    try {
      const code = `import os
def refused(path):
    try:
        open(path, "w").close()
        return None
    except OSError as error:
        return error.errno
def handler(e, c):
    open("/tmp/mine", "w").close()
    return [__file__, os.getcwd(), os.environ["LAMBDA_TASK_ROOT"], os.environ["LAMBDA_RUNTIME_DIR"], os.getuid(),
            refused("/var/task/x"), refused("/opt/x"), refused("/var/runtime/x"), os.listdir("/tmp"), len([p for p in os.listdir("/proc") if p.isdigit()]) < 10]
`
      const spec = harness.add({ 'app.py': code })
      const answer = await harness.call(spec.name)
      const paths = ['/var/task/app.py', '/var/task', '/var/task', '/var/runtime', 993]
      assert.deepEqual(json(answer), [
        ...paths,
        30,
        30,
        30,
        ['mine'],
        namespace.kind === 'namespace' && namespace.ownProc,
      ])
      assert.ok(!existsSync('/tmp/mine'))
      assert.ok(!bodies(answer).some((line) => line.includes('fnscope:')))
    } finally {
      await harness.stop()
    }
  },
)

const unsized =
  namespace.kind === 'namespace' && !namespace.sizedTmp ? 'no shell can hold mounts for others here' : skip

test(
  '/tmp has the size that the function asks for, is one for its runtime and its extensions, and outlives a process',
  { skip: unsized },
  async () => {
    const harness = startHarness({ isolation: namespace })
    try {
      const code = `import os
def handler(e, c):
    if e == "exit": os._exit(1)
    kept = sorted(os.listdir("/tmp"))
    found = os.statvfs("/tmp")
    error = None
    try:
        with open("/tmp/large", "wb") as file: file.write(bytes(5 << 20))
    except OSError as failed:
        error = failed.errno
    if e == "remove": os.unlink("/tmp/large")
    return [found.f_blocks * found.f_frsize >> 20, error, kept]
`
      const layer = extensionLayer(join(harness.dir, 'layer'), {
        writer: `open('/tmp/extension', 'w').close()${LISTENER}`,
      })
      const layerDirs = [layer]
      const small = harness.add({ 'app.py': code }, { ephemeralStorageMb: 4, layerDirs, memoryMb: 256 })
      const usual = harness.add({ 'app.py': code }, { ephemeralStorageMb: 512 })
      for (const kept of [['extension'], ['extension', 'large']])
        assert.deepEqual(json(await harness.call(small.name)), [4, 28, kept])
      await harness.call(small.name, 'exit')
      assert.deepEqual(json(await harness.call(small.name, 'remove')), [4, 28, ['extension', 'large']])
      assert.deepEqual(json(await harness.call(small.name)), [4, 28, ['extension']])
      assert.deepEqual(json(await harness.call(usual.name)), [512, null, []])
      // What lies there is the machine's memory, and not the function's.
      const large =
        "import os\ndef handler(e, c):\n    with open('/tmp/x', 'wb') as file:\n        for _ in range(200): file.write(bytes(1 << 20))\n    return os.stat('/tmp/x').st_size >> 20\n"
      const answer = await harness.call(
        harness.add({ 'app.py': large }, { ephemeralStorageMb: 512, memoryMb: 128 }).name,
      )
      assert.equal(json(answer), 200)
      assert.ok(Number(/Max Memory Used: (\d+) MB/.exec(bodies(answer).join('\n'))?.[1]) < 128)
    } finally {
      await harness.stop()
    }
  },
)

test(
  'in a namespace a function of Function Compute has its code at /code and its layers at /opt, read-only as all but /tmp',
  { skip },
  async () => {
    const harness = startHarness({ isolation: namespace })
    try {
      const layer = join(harness.dir, 'layer')
      for (const dir of ['python', 'nodejs/node_modules']) mkdirSync(join(layer, dir), { recursive: true })
      writeFileSync(join(layer, 'python/shared.py'), 'who = "the layer"\n')
      writeFileSync(join(layer, 'nodejs/node_modules/shared.js'), 'exports.who = "the layer"\n')
      const python = `import os, json, shared
def refused(path):
    try: open(path, "w").close()
    except OSError as error: return error.errno
def handler(event, context):
    names = ["/code/x", "/opt/x", "/x", "/usr/x", "/tmp/x"]
    return json.dumps([__file__, os.getcwd(), os.environ["FC_FUNC_CODE_PATH"], shared.who, os.getuid(), [refused(name) for name in names], sorted(os.listdir("/tmp"))])
`
      const node = `const fs = require('node:fs'), shared = require('shared')
const refused = (path) => { try { fs.writeFileSync(path, '') } catch (error) { return -error.errno } return null }
exports.handler = async () => JSON.stringify([__filename, process.cwd(), process.env.FC_FUNC_CODE_PATH, shared.who, process.getuid(), ['/code/x', '/opt/x', '/x', '/usr/x', '/tmp/x'].map(refused), fs.readdirSync('/tmp')])
`
      const server = `const fs = require('node:fs')
const refused = (path) => { try { fs.writeFileSync(path, '') } catch (error) { return -error.errno } return null }
require('node:http').createServer((req, res) => res.end(JSON.stringify([__filename, process.cwd(), process.env.FC_FUNC_CODE_PATH, fs.readFileSync('/opt/python/shared.py', 'utf8').slice(7, 16), process.getuid(), ['/code/x', '/opt/x', '/x', '/usr/x', '/tmp/x'].map(refused), fs.readdirSync('/tmp')]))).listen(process.env.FC_SERVER_PORT)
`
      const more = { layerDirs: [layer] }
      const custom = { command: ['node', '/code/server.js'], port: 9000 }
      const specs = [
        ['index.py', addFc(harness, { 'index.py': python }, { spec: { ...more, runtime: 'python3.10' } })],
        ['index.js', addFc(harness, { 'index.js': node }, { spec: { ...more, runtime: 'nodejs20' } })],
        [
          'server.js',
          addFc(harness, { 'server.js': server }, { spec: { ...more, runtime: 'custom' }, fc: { custom } }),
        ],
      ] as const
      const sealed = namespace.kind === 'namespace' && namespace.sealed !== undefined
      for (const [file, spec] of specs) {
        const [at, cwd, code, who, uid, refused, tmp] = JSON.parse(textOf(await callFc(harness, spec))) as unknown[]
        assert.deepEqual([at, cwd, code, who, uid], [`/code/${file}`, '/code', '/code', 'the layer', 993])
        if (sealed) assert.deepEqual(refused, [30, 30, 30, 30, null])
        assert.deepEqual(tmp, ['x'])
      }
    } finally {
      await harness.stop()
    }
  },
)

const unsealed =
  namespace.kind === 'namespace' && namespace.sealed === undefined ? 'its mounts cannot be changed' : skip

test(
  'in a namespace the machine is read-only, and fnscope’s own data is out of sight',
  { skip: unsealed },
  async () => {
    // Not below /tmp, which a function does not see anyway.
    const dataDir = mkdtempSync(join(realpathSync(TEST_CACHE), 'test-data-'))
    writeFileSync(join(dataDir, 'token'), 'secret')
    const isolation = await chooseIsolation('namespace', TEST_CACHE, dataDir)
    const harness = startHarness({ isolation })
    try {
      const code = `import os
def refused(path):
    try:
        open(path, "w").close()
        os.unlink(path)
        return None
    except OSError as error:
        return error.errno
def handler(e, c):
    return [os.listdir(e["data"]), refused(e["data"] + "/x"), refused(e["cache"] + "/x"), refused(e["here"] + "/x"), refused("/tmp/x")]
`
      const spec = harness.add({ 'app.py': code }, { runtime: 'python3.11' })
      const places = { data: dataDir, cache: dirname(dataDir), here: dirname(process.execPath) }
      for (let calls = 0; calls < 2; calls += 1)
        assert.deepEqual(json(await harness.call(spec.name, places)), [[], 30, 30, 30, null])
    } finally {
      await harness.stop()
      rmSync(dataDir, { recursive: true })
    }
  },
)
