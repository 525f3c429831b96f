// One version of an S3 object as it is kept: what the answer's headers say of it, and where its bytes lie.

export interface StoredObject {
  readonly key: string
  /** 'null' in a bucket that was never versioned. */
  readonly versionId: string
  readonly modifiedMs: number
  /** Absent: a delete marker. */
  readonly content?: ObjectContent
}

export interface ObjectContent {
  /** Name of the file with the bytes, in the bucket's directory. */
  readonly file: string
  readonly size: number
  /** Without quotes: MD5 in hex, or `<md5 of md5s>-<parts>`. */
  readonly etag: string
  /** content-type, content-encoding, x-amz-meta-…: sent back as they came. */
  readonly headers: Readonly<Record<string, string>>
  /** x-amz-checksum-… → value. */
  readonly checksums: Readonly<Record<string, string>>
  readonly tags: Readonly<Record<string, string>>
}
