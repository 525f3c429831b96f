// S3 buckets in the data directory: one directory each, two files per version of an object (its bytes and a JSON that
// says what they are), so that a put costs the same however much is there. Knows no HTTP and no XML.
import { randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../errors.ts'
import type { S3Place } from '../deploy/lookups.ts'
import type { Logger } from '../log.ts'
import { writeWhole } from './state-file.ts'
import type { ObjectContent, StoredObject } from './stored-object.ts'

export interface BucketInfo {
  readonly name: string
  readonly createdMs: number
  readonly region: string
  readonly versioning: 'Enabled' | 'Suspended' | undefined
  /** Sub-resource (policy, encryption, cors …) → its document as it was put. */
  readonly documents: Readonly<Record<string, string>>
}

interface Bucket {
  info: BucketInfo
  /** Key → versions, the newest first. */
  readonly objects: Map<string, readonly StoredObject[]>
  /** All keys in the order of S3's lists; undefined: to be sorted again. */
  sorted: readonly string[] | undefined
}

export class Buckets {
  readonly #dir: string
  readonly #buckets = new Map<string, Bucket>()

  constructor(options: { readonly dir: string; readonly log: Logger }) {
    this.#dir = options.dir
    for (const name of directoriesIn(options.dir)) {
      try {
        this.#buckets.set(name, load(join(options.dir, name)))
      } catch (error) {
        options.log.warn({ bucket: name, reason: messageOf(error) }, 'bucket of earlier runs not read')
      }
    }
  }

  list(): readonly BucketInfo[] {
    return [...this.#buckets.values()].map(({ info }) => info).sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  find(name: string): BucketInfo | undefined {
    return this.#buckets.get(name)?.info
  }

  create(name: string, region: string): BucketInfo {
    const info = { name, region, createdMs: Date.now(), versioning: undefined, documents: {} }
    mkdirSync(join(this.#dir, name), { recursive: true, mode: 0o700 })
    this.#write(info)
    this.#buckets.set(name, { info, objects: new Map(), sorted: [] })
    return info
  }

  change(name: string, part: Partial<Pick<BucketInfo, 'versioning' | 'documents'>>): void {
    const bucket = this.#get(name)
    const info = { ...bucket.info, ...part }
    this.#write(info)
    bucket.info = info
  }

  /** With all that is in it. */
  remove(name: string): void {
    rmSync(join(this.#dir, name), { recursive: true, force: true })
    this.#buckets.delete(name)
  }

  /** Nothing is in it, not even an old version. */
  isEmpty(name: string): boolean {
    return this.#get(name).objects.size === 0
  }

  /** By UTF-8 bytes, as S3 lists them. */
  keys(name: string): readonly string[] {
    const bucket = this.#get(name)
    return (bucket.sorted ??= [...bucket.objects.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))))
  }

  /** The newest first; none: no such key. */
  versions(name: string, key: string): readonly StoredObject[] {
    return this.#get(name).objects.get(key) ?? []
  }

  /** A new file's path in the bucket's directory, for the bytes of an object that is to be put. */
  newFile(name: string): { readonly file: string; readonly path: string } {
    const file = `${randomUUID()}.bytes`
    return { file, path: this.pathOf(name, file) }
  }

  /** Where the content of an object lies, of its latest version when none is named. Undefined: there is none. */
  contentPath({ bucket, key, version }: S3Place): string | undefined {
    const versions = this.#buckets.has(bucket) ? this.versions(bucket, key) : []
    const object = version === undefined ? versions[0] : versions.find(({ versionId }) => versionId === version)
    return object?.content === undefined ? undefined : this.pathOf(bucket, object.content.file)
  }

  pathOf(name: string, file: string): string {
    return join(this.#dir, name, file)
  }

  /** The object from now on; in an unversioned bucket the one before is gone. */
  put(name: string, key: string, content: ObjectContent): StoredObject {
    return this.#add(name, { key, versionId: this.#versionId(name), modifiedMs: Date.now(), content })
  }

  /** The same version with other tags. */
  retag(name: string, object: StoredObject, tags: Readonly<Record<string, string>>): void {
    if (object.content === undefined) return
    const changed = { ...object, content: { ...object.content, tags } }
    const bucket = this.#get(name)
    this.#writeObject(name, changed)
    const versions = this.versions(name, object.key).map((one) => (one === object ? changed : one))
    bucket.objects.set(object.key, versions)
  }

  /** Deletes as S3 does without a version: by a marker where versions are kept. Undefined: nothing was left behind. */
  delete(name: string, key: string): StoredObject | undefined {
    const versioning = this.#get(name).info.versioning
    if (versioning !== undefined)
      return this.#add(name, { key, versionId: this.#versionId(name), modifiedMs: Date.now() })
    for (const object of this.versions(name, key)) this.#drop(name, object)
    return undefined
  }

  /** Deletes one version for good. */
  deleteVersion(name: string, key: string, versionId: string): StoredObject | undefined {
    const object = this.versions(name, key).find((one) => one.versionId === versionId)
    if (object !== undefined) this.#drop(name, object)
    return object
  }

  #versionId(name: string): string {
    return this.#get(name).info.versioning === 'Enabled' ? randomUUID().replaceAll('-', '') : 'null'
  }

  #add(name: string, object: StoredObject): StoredObject {
    const bucket = this.#get(name)
    const before = this.versions(name, object.key)
    const replaced = before.filter(({ versionId }) => versionId === object.versionId)
    if (before.length === 0) bucket.sorted = undefined
    this.#writeObject(name, object)
    bucket.objects.set(object.key, [object, ...before.filter((one) => !replaced.includes(one))])
    for (const one of replaced) this.#removeFiles(name, one, object)
    return object
  }

  #drop(name: string, object: StoredObject): void {
    const bucket = this.#get(name)
    const left = this.versions(name, object.key).filter((one) => one !== object)
    if (left.length === 0) {
      bucket.objects.delete(object.key)
      bucket.sorted = undefined
    } else bucket.objects.set(object.key, left)
    this.#removeFiles(name, object)
  }

  #removeFiles(name: string, object: StoredObject, but?: StoredObject): void {
    const file = metaFile(object)
    if (but === undefined || metaFile(but) !== file) rmSync(this.pathOf(name, file), { force: true })
    if (object.content !== undefined) rmSync(this.pathOf(name, object.content.file), { force: true })
  }

  #write(info: BucketInfo): void {
    writeWhole(join(this.#dir, info.name, BUCKET_FILE), JSON.stringify(info))
  }

  #writeObject(name: string, object: StoredObject): void {
    writeWhole(this.pathOf(name, metaFile(object)), JSON.stringify(object))
  }

  #get(name: string): Bucket {
    const bucket = this.#buckets.get(name)
    if (bucket === undefined) throw new Error(`no bucket ${name}`)
    return bucket
  }
}

const BUCKET_FILE = 'bucket.json'

/** A delete marker has a file of its own; with bytes the name follows theirs. */
function metaFile({ content, key, versionId }: StoredObject): string {
  if (content !== undefined) return content.file.replace(/\.bytes$/, '.object.json')
  return `${versionId}-${Buffer.from(key).toString('base64url').slice(0, 100)}.object.json`
}

function directoriesIn(dir: string): readonly string[] {
  try {
    return readdirSync(dir, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
  } catch {
    return []
  }
}

function load(dir: string): Bucket {
  const info = JSON.parse(readFileSync(join(dir, BUCKET_FILE), 'utf8')) as BucketInfo
  const objects = new Map<string, readonly StoredObject[]>()
  const named = new Set<string>()
  const names = readdirSync(dir)
  for (const name of names.filter((one) => one.endsWith('.object.json'))) {
    const object = JSON.parse(readFileSync(join(dir, name), 'utf8')) as StoredObject
    if (object.content !== undefined) named.add(object.content.file)
    const versions = [...(objects.get(object.key) ?? []), object]
    objects.set(
      object.key,
      versions.sort((a, b) => b.modifiedMs - a.modifiedMs),
    )
  }
  // Bytes whose upload did not end.
  for (const name of names) if (name.endsWith('.bytes') && !named.has(name)) rmSync(join(dir, name), { force: true })
  return { info, objects, sorted: undefined }
}
