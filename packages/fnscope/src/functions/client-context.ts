// The caller's client context and identity, as headers of the Runtime API carry them.
import { FnscopeError } from '../errors.ts'
import type { InvokeRequest } from './invoke-request.ts'

// Headers carry ASCII: all else is escaped, which JSON allows.
function asciiJson(text: string): string {
  return JSON.stringify(JSON.parse(text)).replaceAll(
    /[\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** JSON texts in ASCII; absent ones are left out. @throws FnscopeError FNS_EVENT_INVALID when the context is not JSON */
export function callerContext(request: InvokeRequest): {
  readonly clientContext?: string
  readonly cognitoIdentity?: string
} {
  return {
    ...(request.clientContext === undefined ? {} : { clientContext: contextJson(request.clientContext) }),
    ...(request.cognitoIdentity === undefined ? {} : { cognitoIdentity: asciiJson(request.cognitoIdentity) }),
  }
}

function contextJson(text: string): string {
  try {
    return asciiJson(text)
  } catch (error) {
    throw new FnscopeError(
      'FNS_EVENT_INVALID',
      'The client context is not JSON. Send a JSON object, encoded in base64.',
      { cause: error },
    )
  }
}
