// Claims of a JWT, decoded and not verified: nothing here has the issuer's keys. Pure.

export type Claims = Readonly<Record<string, unknown>>

/** @param token with or without `Bearer ` in front. Undefined: it is no JWT. */
export function claimsOf(token: string | undefined): Claims | undefined {
  const [, payload] = (token ?? '').replace(/^Bearer\s+/i, '').split('.')
  if (payload === undefined) return undefined
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString())
    return typeof claims === 'object' && claims !== null && !Array.isArray(claims) ? (claims as Claims) : undefined
  } catch {
    return undefined
  }
}

export function expired(claims: Claims, nowMs: number): boolean {
  const { exp, nbf } = claims
  return (typeof exp === 'number' && exp * 1000 <= nowMs) || (typeof nbf === 'number' && nbf * 1000 > nowMs)
}

/** True when scopes are asked for and the token has none of them. */
export function missesScope(claims: Claims, scopes: readonly string[]): boolean {
  const own = [claims['scope'] ?? claims['scp'] ?? []]
    .flat()
    .flatMap((text) => (typeof text === 'string' ? text.split(' ') : []))
  return scopes.length > 0 && !scopes.some((scope) => own.includes(scope))
}

/** As events have them: everything text, lists as `[a b]`. */
export function spellClaims(claims: Claims): Record<string, string> {
  return Object.fromEntries(
    Object.entries(claims).map(([name, value]) => [
      name,
      Array.isArray(value) ? `[${value.join(' ')}]` : typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  )
}
