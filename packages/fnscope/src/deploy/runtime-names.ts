// Which runtimes Lambda knows: those that it runs and those that it once ran, which functions that are there keep. Whether
// fnscope runs one is another question, answered when the function is called.

const NAMES: readonly string[] = `
  nodejs nodejs4.3 nodejs4.3-edge nodejs6.10 nodejs8.10 nodejs10.x nodejs12.x nodejs14.x nodejs16.x nodejs18.x nodejs20.x
  nodejs22.x nodejs24.x nodejs26.x python2.7 python3.6 python3.7 python3.8 python3.9 python3.10 python3.11 python3.12
  python3.13 python3.14 python3.15 java8 java8.al2 java8.al2023 java11 java11.al2023 java17 java17.al2023 java21 java25
  dotnetcore1.0 dotnetcore2.0 dotnetcore2.1 dotnetcore3.1 dotnet6 dotnet8 dotnet10 ruby2.5 ruby2.7 ruby3.2 ruby3.3 ruby3.4
  ruby4.0 go1.x provided provided.al2 provided.al2023`
  .trim()
  .split(/\s+/)

/** Why Lambda would not take it, in its words; undefined: it would. */
export function whyNoRuntime(runtime: string): string | undefined {
  if (NAMES.includes(runtime)) return undefined
  return `Value ${runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [${NAMES.join(', ')}] or be a valid ARN`
}
