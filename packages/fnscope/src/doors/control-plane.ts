// The AWS control plane on the main port: what it knows lies in `control/` of the data directory and survives restarts.
import { join } from 'node:path'
import { mountHttpApiReads } from '../api/api-gateway-http.ts'
import { mountRestApiReads } from '../api/api-gateway-rest.ts'
import type { Apps } from '../api/apps.ts'
import type { AwsService } from '../api/aws-service.ts'
import { cloudFormationService } from '../api/cloudformation.ts'
import { CUSTOM_RESOURCE_PATH, mountCustomResources } from '../api/custom-resource-response.ts'
import { ecrService } from '../api/ecr.ts'
import { iamService } from '../api/iam.ts'
import type { LogGroups } from '../api/log-groups.ts'
import { mountS3 } from '../api/s3.ts'
import { parseS3Url } from '../api/s3-address.ts'
import { mountLambda } from '../api/lambda.ts'
import { restoreTriggers } from '../api/lambda-triggers.ts'
import { mountSchemas } from '../api/schemas.ts'
import { ServiceError } from '../api/service-error.ts'
import { ssmService } from '../api/ssm.ts'
import { stsService } from '../api/sts.ts'
import type { Config } from '../config.ts'
import { Buckets } from '../control/buckets.ts'
import { CodeStore } from '../control/code-store.ts'
import { FunctionCode } from '../control/functions/function-code.ts'
import { Functions } from '../control/functions/functions.ts'
import { originOf, originOfResource } from '../control/functions/origin.ts'
import type { MadeElsewhere } from '../control/made-elsewhere.ts'
import { Parameters } from '../control/parameters.ts'
import { Repositories } from '../control/repositories.ts'
import { Roles } from '../control/roles.ts'
import { SchemaRegistries } from '../control/schema-registries.ts'
import { DirectoryStacks } from '../control/stacks/directory-stacks.ts'
import { CustomResources } from '../control/stacks/makers/custom.ts'
import { MADE_HERE, resourceMakers } from '../control/stacks/makers.ts'
import { NOTHING_TO_DO } from '../control/stacks/resource-maker.ts'
import { StackEngine } from '../control/stacks/stack-engine.ts'
import type { StackHost } from '../control/stacks/stack-host.ts'
import { StackStore } from '../control/stacks/stack-store.ts'
import { requestOf, StackTemplates } from '../control/stacks/stack-templates.ts'
import { Uploads } from '../control/uploads.ts'
import { isCustom } from '../deploy/emulated-types.ts'
import type { Files, Lookups } from '../deploy/lookups.ts'
import { messageOf } from '../errors.ts'
import type { Platform } from '../functions/platform.ts'
import type { TriggerRegistry } from '../functions/triggers/trigger-registry.ts'
import type { HttpServer } from '../http/server.ts'
import type { Logger } from '../log.ts'

export interface ControlPlaneOptions {
  readonly config: Pick<Config, 'region' | 'accountId'>
  readonly dataDir: string
  /** Routes are mounted before there are any: asked for at each call. */
  readonly late: {
    readonly apps?: Apps
    readonly elsewhere?: MadeElsewhere
    readonly groups?: LogGroups
    /** Where the main port listens. */
    readonly url?: string
    readonly platform?: Platform
    readonly triggers?: TriggerRegistry
  }
  readonly log: Logger
}

export interface ControlPlane {
  /** Those that are no REST, for the one route that takes them. */
  readonly services: readonly AwsService[]
  readonly functions: Functions
  readonly directories: DirectoryStacks
  /** A function that its stack left behind. */
  readonly keep: StackHost['keep']
  /** What templates of directories may ask for: parameters, exports of stacks, archives in buckets, published layers. */
  readonly surroundings: () => { readonly lookups: Lookups; readonly files: Files }
  /** Adds the routes of Lambda's API and those that read API Gateway's; once there is a platform. */
  mountLambda(platform: Platform, triggers: TriggerRegistry, settled: () => Promise<void>): void
  /** Starts what stacks of earlier runs have. Never rejects. */
  restore(): Promise<void>
}

/** Adds the routes of S3, of schema registries and of custom resources. */
export function mountControlPlane(main: HttpServer, options: ControlPlaneOptions): ControlPlane {
  const { late, log } = options
  const { region, accountId } = options.config
  const dir = join(options.dataDir, 'control')
  const place = { region, accountId, nowMs: Date.now }
  const buckets = new Buckets({ dir: join(dir, 'buckets'), log })
  const uploads = new Uploads(join(dir, 'uploads'))
  const parameters = new Parameters({ path: join(dir, 'parameters.json'), log })
  const roles = new Roles({ path: join(dir, 'roles.json'), log })
  const repositories = new Repositories({ path: join(dir, 'repositories.json'), log })
  const store = new StackStore({ dir: join(dir, 'stacks'), log })
  const code = new CodeStore(join(dir, 'code'))
  const custom = new CustomResources({
    invoke: async ({ functionArn, payload }) => {
      const answer = await platformOf(late).invoke({
        functionName: functionArn,
        payload,
        invocationType: 'RequestResponse',
      })
      return answer.functionError === undefined ? undefined : Buffer.from(answer.payload).toString('utf8')
    },
    responseUrl: (id) => `${late.url ?? ''}${CUSTOM_RESOURCE_PATH}${id}`,
  })
  const setRetention = (group: string, days: number | undefined): void => {
    const { groups } = late
    groups?.createGroup(group)
    const found = groups?.find(group)
    if (found !== undefined) groups?.setRetention(found, days)
  }
  const functions = new Functions({
    path: join(dir, 'functions.json'),
    platform: () => platformOf(late),
    originOf: (spec) => originOf(spec, { store, buckets, code }),
    region,
    accountId,
    log,
  })
  const layerDir = (arn: string): string | undefined => functions.layerByArn(arn)?.dir
  const functionCode = new FunctionCode({
    code,
    buckets,
    read: (stack) => appsOf(late).readStack(stack),
    layerDir,
    region,
    accountId,
  })
  const templates = new StackTemplates({
    buckets,
    parameters,
    code,
    store,
    directories: () => directories.records(),
    layerDir,
    nextLayerVersion: (name) => functions.nextLayerVersion(name),
    parseUrl: parseS3Url,
    region,
    accountId,
  })
  const makerOf = resourceMakers({
    buckets,
    code,
    functions,
    parameters,
    roles,
    repositories,
    custom,
    elsewhere: () => late.elsewhere,
    setRetention,
    region,
    accountId,
  })
  const keep: StackHost['keep'] = (spec, resource) =>
    functions.keep(spec, originOfResource(resource, { buckets, code }))
  const engine = new StackEngine({ store, host: hostOf(late, { makerOf, keep }), log })
  const directories = new DirectoryStacks({
    store: new StackStore({ dir: join(dir, 'directories'), log }),
    host: { makerOf: (type, emulated) => (isCustom(type) ? makerOf(type, emulated) : NOTHING_TO_DO) },
  })
  mountS3(main, { buckets, uploads, region, accountId, log })
  mountCustomResources(main, custom)
  mountSchemas(main, { registries: new SchemaRegistries({ path: join(dir, 'schemas.json'), log }), region, accountId })
  return {
    services: [
      cloudFormationService({
        region,
        accountId,
        apps: () => late.apps?.stacks() ?? [],
        directories: () => directories.records(),
        store,
        engine,
        templates,
      }),
      stsService(place),
      ssmService({ ...place, parameters }),
      iamService({ ...place, roles }),
      ecrService({ ...place, repositories }),
    ],
    functions,
    directories,
    keep,
    surroundings: () => templates.surroundings(),
    mountLambda(platform, triggers, settled) {
      mountLambda(main, { platform, functions, code: functionCode, roles, triggers, settled, region, accountId })
      const gateway = { triggers, region, accountId, deployedMs: (stack: string) => deployedMs(stack, store, late) }
      mountRestApiReads(main, gateway)
      mountHttpApiReads(main, gateway)
    },
    async restore() {
      for (const stack of store.all()) {
        // Nested ones come with the stack that holds them.
        if (stack.deletedMs !== undefined || stack.parentId !== undefined || stack.template === '') continue
        try {
          await engine.restore(stack.id, await templates.open({ ...requestOf(stack), asIs: true }))
        } catch (error) {
          log.warn({ stack: stack.name, reason: messageOf(error) }, 'stack of an earlier run not started')
        }
      }
      await functions.restore()
      if (late.triggers !== undefined) restoreTriggers({ functions, triggers: late.triggers })
    },
  }
}

function hostOf(late: ControlPlaneOptions['late'], own: Pick<StackHost, 'makerOf' | 'keep'>): StackHost {
  return {
    read: (stack) => appsOf(late).readStack(stack),
    async deploy(app) {
      const elsewhere = app.triggers.cloudResources.filter(({ type }) => !MADE_HERE.has(type))
      await appsOf(late).deploySpec({ ...app, triggers: { ...app.triggers, cloudResources: elsewhere } })
    },
    localUrls: (values) => appsOf(late).localUrls(values),
    remove: async (stack) => {
      const apps = appsOf(late)
      if (apps.list().some((app) => app.stack === stack)) await apps.remove(stack, { resources: 'stay' })
    },
    ...own,
  }
}

function deployedMs(stack: string, store: StackStore, { apps }: ControlPlaneOptions['late']): number {
  return store.find(stack)?.createdMs ?? apps?.stacks().find(({ name }) => name === stack)?.deployedMs ?? 0
}

function appsOf({ apps }: ControlPlaneOptions['late']): Apps {
  if (apps === undefined) throw STARTING
  return apps
}

function platformOf({ platform }: ControlPlaneOptions['late']): Platform {
  if (platform === undefined) throw STARTING
  return platform
}

const STARTING = new ServiceError('ServiceUnavailableException', 'fnscope is still starting; try again.', {
  status: 503,
  retryAfterSeconds: 1,
})
