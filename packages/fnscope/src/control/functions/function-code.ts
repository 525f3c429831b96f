// Code and configuration of a function that comes over Lambda's API, made into what the platform runs. It is read as the one
// resource of a template, so that both ways take and refuse the same.
import { readFileSync } from 'node:fs'
import type { Stack } from '../../deploy/stack.ts'
import { openStack } from '../../deploy/stack.ts'
import type { TemplateMap } from '../../deploy/template-value.ts'
import { FnscopeError, messageOf } from '../../errors.ts'
import type { AppSpec, FunctionSpec } from '../../functions/function-spec.ts'
import type { Buckets } from '../buckets.ts'
import type { CodeStore, UnpackedCode } from '../code-store.ts'

export interface FunctionCodeOptions {
  readonly code: CodeStore
  readonly buckets: Buckets
  readonly read: (stack: Stack) => Promise<AppSpec>
  readonly layerDir: (arn: string) => string | undefined
  readonly region: string
  readonly accountId: string
}

/** Stands for a bucket where code is that was unpacked already: the key is its directory. */
const UNPACKED = '.unpacked'

export class FunctionCode {
  readonly #options: FunctionCodeOptions

  constructor(options: FunctionCodeOptions) {
    this.#options = options
  }

  /** @throws FnscopeError FNS_CODE_NOT_FOUND when it is no archive */
  fromZip(archive: Buffer): UnpackedCode {
    try {
      return this.#options.code.unpack(archive)
    } catch (error) {
      throw new FnscopeError(
        'FNS_CODE_NOT_FOUND',
        `Could not unzip uploaded file. Please check your file, then try to upload again. (${messageOf(error)})`,
      )
    }
  }

  /** @throws FnscopeError FNS_CODE_NOT_FOUND */
  fromBucket(bucket: string, key: string, version: string | undefined): UnpackedCode {
    const { buckets } = this.#options
    const path = buckets.contentPath({ bucket, key, ...(version !== undefined && { version }) })
    if (path === undefined) {
      const missing =
        buckets.find(bucket) === undefined
          ? ['NoSuchBucket', 'The specified bucket does not exist']
          : ['NoSuchKey', 'The specified key does not exist.']
      throw new FnscopeError(
        'FNS_CODE_NOT_FOUND',
        `Error occurred while GetObject. S3 Error Code: ${missing[0]}. S3 Error Message: ${missing[1]}`,
      )
    }
    return this.fromZip(readFileSync(path))
  }

  /**
   * @param properties of AWS::Lambda::Function, without Code @param codeDir where its code is
   * @throws FnscopeError
   */
  async specOf(name: string, properties: TemplateMap, codeDir: string): Promise<FunctionSpec> {
    const { region, accountId, read, layerDir } = this.#options
    const stack = await openStack({
      template: {
        Resources: {
          Function: {
            Type: 'AWS::Lambda::Function',
            Properties: { ...properties, FunctionName: name, Code: { S3Bucket: UNPACKED, S3Key: codeDir } },
          },
        },
      },
      file: `Function ${name}`,
      stack: 'lambda',
      region,
      accountId,
      files: {
        unpacked: async ({ bucket, key }) => (bucket === UNPACKED ? key : undefined),
        layer: async (arn) => layerDir(arn),
      },
      notice: () => {},
    })
    const { functions } = await read(stack)
    const [spec] = functions
    if (spec === undefined)
      throw new FnscopeError(
        'FNS_RUNTIME_UNSUPPORTED',
        `Function ${name} is a container image: fnscope does not run those.`,
      )
    return spec
  }
}
