/** How a registry wants to be asked: the `WWW-Authenticate` header of a 401 (RFC 9110 §11.6.1; distribution spec, "token authentication"). */
export type Challenge =
  | { readonly scheme: 'basic' }
  | { readonly scheme: 'bearer'; readonly realm: string; readonly service?: string; readonly scope?: string };

const maxLength = 4096;
const parameter = /([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))\s*(?:,|$)/gy;

/** The first challenge that is understood; a registry that offers both is asked for a token. Undefined where there is none. */
export function parseChallenge(header: string | undefined): Challenge | undefined {
  if (header === undefined || header.length > maxLength) return undefined;
  const bearer = /(?:^|,)\s*bearer\s+/i.exec(header);
  if (bearer === null) return /(?:^|,)\s*basic(?:\s|$)/i.test(header) ? { scheme: 'basic' } : undefined;
  const parameters = new Map<string, string>();
  const rest = header.slice(bearer.index + bearer[0].length);
  parameter.lastIndex = 0;
  for (let match = parameter.exec(rest); match !== null; match = parameter.exec(rest)) {
    const [, name = '', quoted, bare] = match;
    parameters.set(name.toLowerCase(), quoted?.replaceAll(/\\(.)/g, '$1') ?? bare ?? '');
    while (/\s/.test(rest.charAt(parameter.lastIndex))) parameter.lastIndex++;
  }
  const realm = parameters.get('realm');
  const service = parameters.get('service');
  const scope = parameters.get('scope');
  if (realm === undefined || realm === '') return undefined;
  return { scheme: 'bearer', realm, ...(service && { service }), ...(scope && { scope }) };
}
