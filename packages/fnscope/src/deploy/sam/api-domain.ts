// A domain name of an API: the name itself, its mappings to the API's stage, and its DNS records.
import { isMap, mapAt, spell, type TemplateMap, type TemplateValue } from '../template-value.ts'
import type { Expansion } from './expansion.ts'
import { getAtt, hashedId, ref, resource, written, type Attributes } from './parts.ts'

interface OfApi {
  readonly stage: string
  readonly attributes: Attributes
  /** 1 of a REST API, 2 of an HTTP API. */
  readonly version: 1 | 2
}

export function expandDomain(id: string, properties: TemplateMap, of: OfApi, into: Expansion): void {
  const domain = mapAt(properties['Domain'], `${id}.Domain`)
  const name = into.known(domain['DomainName'])
  if (name === undefined) return
  const domainId = hashedId(of.version === 1 ? 'ApiGatewayDomainName' : 'ApiGatewayDomainNameV2', name)
  const regional = of.version === 2 || domain['EndpointConfiguration'] !== 'EDGE'
  const certificate = domain['CertificateArn']
  const made: Record<string, TemplateValue | undefined> =
    of.version === 1
      ? {
          DomainName: domain['DomainName'],
          EndpointConfiguration: { Types: [domain['EndpointConfiguration'] ?? 'REGIONAL'] },
          [regional ? 'RegionalCertificateArn' : 'CertificateArn']: certificate,
          SecurityPolicy: domain['SecurityPolicy'],
        }
      : {
          DomainName: domain['DomainName'],
          DomainNameConfigurations: [
            written({
              CertificateArn: certificate,
              EndpointType: domain['EndpointConfiguration'] ?? 'REGIONAL',
              SecurityPolicy: domain['SecurityPolicy'],
            }),
          ],
          Tags: { 'httpapi:createdBy': 'SAM' },
        }
  into.add(
    domainId,
    resource(of.version === 1 ? 'AWS::ApiGateway::DomainName' : 'AWS::ApiGatewayV2::DomainName', made, of.attributes),
  )
  const paths = Array.isArray(domain['BasePath']) ? (domain['BasePath'] as readonly TemplateValue[]) : ['/']
  for (const path of paths) {
    const text = spell(path)
    const kind = of.version === 1 ? 'BasePathMapping' : 'ApiMapping'
    const part = text.replaceAll(/[^A-Za-z0-9]/g, '')
    const key = text === '/' ? undefined : text.replaceAll(/^\/|\/$/g, '')
    into.add(
      `${id}${text === '/' ? '' : part}${kind}`,
      of.version === 1
        ? resource(
            'AWS::ApiGateway::BasePathMapping',
            { DomainName: ref(domainId), RestApiId: ref(id), Stage: ref(of.stage), BasePath: key },
            of.attributes,
          )
        : resource(
            'AWS::ApiGatewayV2::ApiMapping',
            { DomainName: ref(domainId), ApiId: ref(id), Stage: ref(of.stage), ApiMappingKey: key },
            of.attributes,
          ),
    )
  }
  expandRoute53(domain, { domainId, name, attributes: of.attributes, regional }, into)
}

function expandRoute53(
  domain: TemplateMap,
  of: {
    readonly domainId: string
    readonly name: TemplateValue
    readonly attributes: Attributes
    readonly regional: boolean
  },
  into: Expansion,
): void {
  const route = domain['Route53']
  if (!isMap(route)) return
  const zone = route['HostedZoneId'] ?? route['HostedZoneName']
  if (zone === undefined) return
  const prefix = of.regional ? 'Regional' : 'Distribution'
  const AliasTarget = {
    HostedZoneId: getAtt(of.domainId, `${prefix}HostedZoneId`),
    DNSName: getAtt(of.domainId, `${prefix}DomainName`),
  }
  const id = hashedId('RecordSetGroup', zone)
  const types = route['IpV6'] === true ? ['A', 'AAAA'] : ['A']
  into.add(
    id,
    resource(
      'AWS::Route53::RecordSetGroup',
      {
        HostedZoneId: route['HostedZoneId'],
        HostedZoneName: route['HostedZoneName'],
        RecordSets: types.map((Type) => ({ Name: domain['DomainName']!, Type, AliasTarget })),
      },
      of.attributes,
    ),
  )
}
