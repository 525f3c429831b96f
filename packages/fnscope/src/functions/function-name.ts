// The ways in which a caller of Lambda's API may name a function: name, `name:qualifier`, partial ARN, whole ARN.

export interface FunctionName {
  readonly name: string
  /** $LATEST, a version or an alias. */
  readonly qualifier: string | undefined
}

export function parseFunctionName(text: string): FunctionName {
  const arn =
    /^arn:[^:]+:lambda:[^:]*:[^:]*:function:([^:]+)(?::([^:]+))?$/.exec(text) ??
    /^(?:\d{12}:)?function:([^:]+)(?::([^:]+))?$/.exec(text)
  if (arn) return { name: arn[1]!, qualifier: arn[2] }
  const colon = text.indexOf(':')
  if (colon < 0) return { name: text, qualifier: undefined }
  return { name: text.slice(0, colon), qualifier: text.slice(colon + 1) }
}
