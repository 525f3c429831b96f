// What a template asks of the world around it; whoever has it gives it, nothing here looks anything up.

/** Values that lie outside the template; each undefined when whoever reads it has none. */
export interface Lookups {
  /** A value that another stack exports. */
  readonly importValue?: (name: string) => string | undefined
  /** A parameter of SSM's parameter store. */
  readonly ssmParameter?: (name: string) => string | undefined
  /** The text of a secret. */
  readonly secret?: (id: string) => string | undefined
  /** What a resource that was made answered for GetAtt: the data of a custom resource. */
  readonly attribute?: (logicalId: string, attribute: string) => string | undefined
  /** What Ref gives for a resource that was made under another name than follows from the template. */
  readonly physicalId?: (logicalId: string) => string | undefined
  /** A nested stack that is another one than the resource that holds it says, by its id. */
  readonly nestedAs?: (stackId: string) => NestedTemplate | undefined
  /** Of attribute and physicalId, for the resources of a nested stack, by the resource that holds it. */
  readonly nested?: (logicalId: string) => MadeLookups
}

export interface NestedTemplate {
  readonly text: string
  readonly parameters: Readonly<Record<string, string>>
}

/** What resources that were made answered. */
export type MadeLookups = Pick<Lookups, 'attribute' | 'physicalId' | 'nested'>

/** A place in S3 that a template names for code, a layer's content or a nested template. */
export interface S3Place {
  readonly bucket: string
  readonly key: string
  readonly version?: string
}

/** Files that a template names outside its own directory; each undefined when it is not there. */
export interface Files {
  /** A directory with the unpacked archive. */
  readonly unpacked?: (place: S3Place, logicalId: string) => Promise<string | undefined>
  /** The same of an archive on this machine. */
  readonly archive?: (path: string) => Promise<string | undefined>
  /** A nested template or an included snippet, by its URL or its path relative to `dir`. */
  readonly template?: (url: string, dir: string | undefined) => Promise<TemplateFile | undefined>
  /** A directory with the content of a layer that was published here, by its ARN. */
  readonly layer?: (arn: string) => Promise<string | undefined>
}

export interface TemplateFile {
  readonly text: string
  /** For messages. */
  readonly file: string
  /** What paths in it are relative to. */
  readonly dir?: string
}
