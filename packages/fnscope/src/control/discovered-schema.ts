// A schema of events that were seen, as EventBridge writes one: OpenAPI 3 with a component for each object. Pure.

type Json = Readonly<Record<string, unknown>>

/** @param events what has the same names in each is required */
export function discoveredSchema(events: readonly unknown[]): Json {
  const schemas: Record<string, unknown> = {}
  schemas['Event'] = schemaOf(events, 'Event', schemas)
  return { openapi: '3.0.0', info: { version: '1.0.0', title: 'Event' }, paths: {}, components: { schemas } }
}

function schemaOf(values: readonly unknown[], name: string, schemas: Record<string, unknown>): Json {
  const objects = values.filter(isObject)
  if (objects.length > 0) {
    const names = [...new Set(objects.flatMap((one) => Object.keys(one)))]
    const required = names.filter((key) => objects.every((one) => Object.hasOwn(one, key)))
    const properties = names.map((key) => [
      key,
      propertyOf(
        objects.flatMap((one) => (Object.hasOwn(one, key) ? [one[key]] : [])),
        key,
        schemas,
      ),
    ])
    return { type: 'object', ...(required.length > 0 && { required }), properties: Object.fromEntries(properties) }
  }
  const [first] = values
  if (Array.isArray(first))
    return {
      type: 'array',
      items: propertyOf(
        values.flatMap((one) => (Array.isArray(one) ? one : [])),
        name,
        schemas,
      ),
    }
  if (typeof first === 'number') return { type: 'number' }
  if (typeof first === 'boolean') return { type: 'boolean' }
  if (typeof first === 'string') return { type: 'string' }
  return {}
}

/** An object is a component of its own. */
function propertyOf(values: readonly unknown[], name: string, schemas: Record<string, unknown>): Json {
  if (!values.some(isObject)) return schemaOf(values, name, schemas)
  const base = name.replaceAll(/[^\w.-]/g, '_')
  let component = `${base[0]?.toUpperCase() ?? ''}${base.slice(1)}`
  for (let n = 1; Object.hasOwn(schemas, component) || component === 'Event'; n++) component = `${base}_${n}`
  schemas[component] = {}
  schemas[component] = schemaOf(values, name, schemas)
  return { $ref: `#/components/schemas/${component}` }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
