// The dependency cache with a real pip: one install for many askers, whole or not there, and pip's own words on failure.
import assert from 'node:assert/strict'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import { buildRequirements, type BuildOptions, type Requirements } from '../../packages/fnscope/src/deploy/build.ts'
import { findPython, run, temporaryDir, withoutPython } from './app-fixture.ts'

const skip = await withoutPython('python3.11')

// A package on the disk: pip needs no index for it.
async function localPackage(dir: string): Promise<void> {
  await mkdir(join(dir, 'tiny'), { recursive: true })
  await writeFile(join(dir, 'tiny', 'tiny.py'), 'ANSWER = 42\n')
  const wheel = 'tiny-1.0.dist-info'
  await mkdir(join(dir, wheel))
  await writeFile(join(dir, wheel, 'METADATA'), 'Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n')
  await writeFile(
    join(dir, wheel, 'WHEEL'),
    'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
  )
  await writeFile(join(dir, wheel, 'RECORD'), `tiny.py,,\n${wheel}/METADATA,,\n${wheel}/WHEEL,,\n${wheel}/RECORD,,\n`)
  const script = `import zipfile,sys,os
z=zipfile.ZipFile('tiny-1.0-py3-none-any.whl','w')
z.write('tiny/tiny.py','tiny.py')
[z.write(os.path.join('${wheel}',n)) for n in os.listdir('${wheel}')]
z.close()`
  await run('python3.11', ['-c', script], { cwd: dir })
}

function wants(dir: string, text: string): Requirements {
  return { runtime: 'python3.11', text, dir, label: 'function hello' }
}

test('asked many times at once, a list is installed once and then found', { skip }, async (t) => {
  const dir = await temporaryDir(t)
  await localPackage(dir)
  const cacheDir = join(dir, 'cache')
  const progress: string[] = []
  const options: BuildOptions = { cacheDir, findPython, onProgress: (line) => progress.push(line) }
  const text = './tiny-1.0-py3-none-any.whl\n'
  const builds = await Promise.all([1, 2, 3].map(() => buildRequirements(wants(dir, text), options)))
  assert.equal(new Set(builds.map((build) => build?.dir)).size, 1)
  assert.ok((await readdir(builds[0]!.pythonDir)).includes('tiny.py'))
  await buildRequirements(wants(dir, text), options)
  assert.deepEqual(progress, ['installing the Python packages of function hello'])
  assert.equal((await readdir(join(cacheDir, 'build'))).length, 1)
})

test(
  'a file included by -r is installed, counts into the key, and two callers share one install',
  { skip },
  async (t) => {
    const dir = await temporaryDir(t)
    await localPackage(dir)
    await writeFile(join(dir, 'more.txt'), './tiny-1.0-py3-none-any.whl\n')
    const options: BuildOptions = { cacheDir: join(dir, 'cache'), findPython }
    const one = await buildRequirements(wants(dir, '-r more.txt\n'), options)
    assert.ok((await readdir(one!.pythonDir)).includes('tiny.py'))
    await writeFile(join(dir, 'more.txt'), '# nothing any more, yet another list\n')
    const two = await buildRequirements(wants(dir, '-r more.txt\n'), options)
    assert.notEqual(two!.dir, one!.dir)
  },
)

test('a list of comments asks for nothing', async (t) => {
  const options: BuildOptions = {
    cacheDir: await temporaryDir(t),
    findPython: () => Promise.reject(new Error('asked')),
  }
  assert.equal(await buildRequirements(wants('/', '# only\n\n   # comments\n'), options), undefined)
})

test("a failure quotes pip's last lines and leaves nothing in the cache", { skip }, async (t) => {
  const dir = await temporaryDir(t)
  const cacheDir = join(dir, 'cache')
  const text = '--no-index\nno-such-package-of-fnscope==1.0\n'
  await assert.rejects(buildRequirements(wants(dir, text), { cacheDir, findPython }), {
    code: 'FNS_BUILD_FAILED',
    message: /function hello[^]*No matching distribution found for no-such-package-of-fnscope==1\.0/,
  })
  assert.deepEqual(await readdir(join(cacheDir, 'build')), [])
})
