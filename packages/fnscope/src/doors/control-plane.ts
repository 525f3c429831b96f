// The AWS control plane on the main port: what it knows lies in `control/` of the data directory and survives restarts.
import { join } from 'node:path'
import type { AwsService } from '../api/aws-service.ts'
import { cloudFormationService, type CloudFormationOptions } from '../api/cloudformation.ts'
import { ecrService } from '../api/ecr.ts'
import { iamService } from '../api/iam.ts'
import { mountS3 } from '../api/s3.ts'
import { ssmService } from '../api/ssm.ts'
import { stsService } from '../api/sts.ts'
import { Buckets } from '../control/buckets.ts'
import { Parameters } from '../control/parameters.ts'
import { Repositories } from '../control/repositories.ts'
import { Roles } from '../control/roles.ts'
import { Uploads } from '../control/uploads.ts'
import type { HttpServer } from '../http/server.ts'
import type { Logger } from '../log.ts'

export interface ControlPlaneOptions {
  readonly dataDir: string
  readonly region: string
  readonly accountId: string
  readonly stacks: CloudFormationOptions['stacks']
  readonly log: Logger
}

export interface ControlPlane {
  /** Those that are no REST, for the one route that takes them. */
  readonly services: readonly AwsService[]
}

/** Adds the routes of S3. */
export function mountControlPlane(main: HttpServer, options: ControlPlaneOptions): ControlPlane {
  const { region, accountId, stacks, log } = options
  const dir = join(options.dataDir, 'control')
  const place = { region, accountId, nowMs: Date.now }
  const buckets = new Buckets({ dir: join(dir, 'buckets'), log })
  const uploads = new Uploads(join(dir, 'uploads'))
  const parameters = new Parameters({ path: join(dir, 'parameters.json'), log })
  const roles = new Roles({ path: join(dir, 'roles.json'), log })
  const repositories = new Repositories({ path: join(dir, 'repositories.json'), log })
  mountS3(main, { buckets, uploads, region, accountId, log })
  return {
    services: [
      cloudFormationService({ region, accountId, stacks }),
      stsService(place),
      ssmService({ ...place, parameters }),
      iamService({ ...place, roles }),
      ecrService({ ...place, repositories }),
    ],
  }
}
