import assert from 'node:assert/strict'
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { awsFiles, removeAwsProfile, writeAwsProfile, type AwsFiles } from './aws-profile.ts'

const AT = { url: 'http://127.0.0.1:4747', region: 'eu-west-1' }
let home: string
let files: AwsFiles

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'fnscope-aws-'))
  files = awsFiles({ HOME: home })
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

function writeConfig(text: string, mode = 0o640): void {
  mkdirSync(join(home, '.aws'), { recursive: true })
  writeFileSync(files.config, text, { mode })
}

test('the files are those that the AWS tools read', () => {
  assert.equal(files.config, join(home, '.aws/config'))
  const named = awsFiles({ HOME: home, AWS_CONFIG_FILE: '~/c', AWS_SHARED_CREDENTIALS_FILE: '/x/creds' })
  assert.deepEqual(named, { config: join(home, 'c'), credentials: '/x/creds' })
})

test('new files hold the profile and are for the user alone', () => {
  writeAwsProfile(files, 'fnscope', { ...AT, token: 's3cret' })
  assert.match(
    readFileSync(files.config, 'utf8'),
    /^\[profile fnscope\]\n#.*\nregion = eu-west-1\noutput = json\nendpoint_url = http:\/\/127\.0\.0\.1:4747\n$/,
  )
  assert.match(readFileSync(files.credentials, 'utf8'), /^\[fnscope\]\n#.*\naws_access_key_id = s3cret\naws_secret/)
  for (const file of [files.config, files.credentials]) assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.equal(statSync(join(home, '.aws')).mode & 0o777, 0o700)
})

const OTHERS: Readonly<Record<string, string>> = {
  'comments and blanks': '# mine\n\n[default]\nregion = x ; why\n\n\n# about b\n[profile b]\ns3 =\n  max = 1\n\n',
  'Windows newlines': '[default]\r\nregion = x\r\n\r\n[profile b]\r\nregion = y\r\n',
  'no newline at the end': '[default]\nregion = x',
  'no newline at the end, Windows': '[default]\r\nregion = x',
  'blank lines alone': '\n\n',
  'nothing but a comment': '# nothing\n',
}
for (const [what, text] of Object.entries(OTHERS)) {
  test(`writing twice and removing leaves every byte of a file with ${what}`, () => {
    writeConfig(text)
    writeAwsProfile(files, 'fnscope', AT)
    const written = readFileSync(files.config, 'utf8')
    assert.ok(written.startsWith(text))
    writeAwsProfile(files, 'fnscope', AT)
    assert.equal(readFileSync(files.config, 'utf8'), written)
    assert.equal(removeAwsProfile(files, 'fnscope'), true)
    assert.equal(readFileSync(files.config, 'utf8'), text)
    assert.equal(removeAwsProfile(files, 'fnscope'), false)
  })
}

test('a section that follows ours keeps its comment when ours goes', () => {
  writeConfig('[a]\nx = 1\n')
  writeAwsProfile(files, 'fnscope', AT)
  const after = '\n# about z\n[profile z]\nregion = q\n'
  writeFileSync(files.config, readFileSync(files.config, 'utf8') + after)
  removeAwsProfile(files, 'fnscope')
  assert.equal(readFileSync(files.config, 'utf8'), `[a]\nx = 1\n${after}`)
})

test("a profile of the user's own is refused, and neither file is changed", () => {
  const own = '[work]\naws_access_key_id = mine\n'
  mkdirSync(join(home, '.aws'))
  writeFileSync(files.credentials, own)
  for (const change of [() => writeAwsProfile(files, 'work', AT), () => removeAwsProfile(files, 'work')])
    assert.throws(change, { code: 'FNS_CONFIG', message: /has a \[work\] that fnscope did not write/ })
  assert.deepEqual(readdirSync(join(home, '.aws')), ['credentials'])
  assert.equal(readFileSync(files.credentials, 'utf8'), own)
})

test("however the user spelled the header, the section is the user's", () => {
  for (const header of ['[profile "work"]', '[ profile   work ] # mine', "[profile 'work']"]) {
    writeConfig(`${header}\nregion = x\n`)
    assert.throws(() => writeAwsProfile(files, 'work', AT), { code: 'FNS_CONFIG' })
  }
})

test('permissions stay, a link stays a link, and no temporary file is left', () => {
  const target = join(home, 'dotfiles-config')
  writeFileSync(target, '[default]\n', { mode: 0o644 })
  mkdirSync(join(home, '.aws'))
  symlinkSync(target, files.config)
  writeAwsProfile(files, 'fnscope', AT)
  assert.ok(lstatSync(files.config).isSymbolicLink())
  assert.equal(statSync(target).mode & 0o777, 0o644)
  assert.match(readFileSync(target, 'utf8'), /profile fnscope/)
  assert.deepEqual(readdirSync(home).toSorted(), ['.aws', 'dotfiles-config'])
  assert.deepEqual(readdirSync(join(home, '.aws')).toSorted(), ['config', 'credentials'])
})

test('a path that is no regular file is refused and not replaced', () => {
  const at = { ...files, config: home }
  assert.throws(() => writeAwsProfile(at, 'fnscope', AT), { code: 'FNS_CONFIG', message: /no regular file/ })
  assert.throws(() => writeAwsProfile({ ...files, config: '/dev/null' }, 'fnscope', AT), { code: 'FNS_CONFIG' })
  assert.ok(statSync('/dev/null').isCharacterDevice())
})

test('the default profile and names with odd characters are refused', () => {
  for (const name of ['default', '', 'a b', 'a]', 'a\nb', 'x'.repeat(65)])
    assert.throws(() => writeAwsProfile(files, name, AT), { code: 'FNS_USAGE' })
})
