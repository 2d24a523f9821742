import { createPrivateKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** PEM texts. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

export interface CertificateOptions {
  readonly name: string;
  /** IPv4 addresses that it is for. */
  readonly addresses?: readonly string[];
  readonly notAfter?: Date;
  /** Who signs it, and under what name; by default it signs itself and may sign others. */
  readonly issuer?: { readonly name: string; readonly key: string };
}

/** An X.509 certificate with a P-256 key (RFC 5280), good or bad as a test wants it, without a program beside node. */
export function createCertificate(options: CertificateOptions): Certificate {
  const { name, addresses = [], issuer } = options;
  const notAfter = options.notAfter ?? new Date(Date.now() + 86_400_000);
  const notBefore = new Date(Math.min(Date.now(), notAfter.getTime()) - 86_400_000);
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02)); // ecdsa-with-SHA256
  const extensions = [
    ...(issuer ? [] : [extension(oid(0x55, 0x1d, 0x13), sequence(tag(0x01, Buffer.from([0xff]))))]), // basicConstraints: CA
    ...(addresses.length > 0 ? [extension(oid(0x55, 0x1d, 0x11), sequence(...addresses.map(ipAddress)))] : []), // subjectAltName
  ];
  const signed = sequence(
    tag(0xa0, integer(Buffer.from([2]))), // version 3
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    distinguishedName(issuer?.name ?? name),
    sequence(time(notBefore), time(notAfter)),
    distinguishedName(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    tag(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', signed, issuer ? createPrivateKey(issuer.key) : privateKey);
  const der = sequence(signed, algorithm, tag(0x03, Buffer.from([0]), signature));
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function tag(type: number, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.from([type]), lengthOf(body), body]);
}

/** DER wants the shortest form; Go refuses another. */
function lengthOf({ length }: Buffer): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  return length < 0x100 ? Buffer.from([0x81, length]) : Buffer.from([0x82, length >> 8, length & 0xff]);
}

function sequence(...content: readonly Buffer[]): Buffer {
  return tag(0x30, ...content);
}

function oid(...bytes: readonly number[]): Buffer {
  return tag(0x06, Buffer.from(bytes));
}

function integer(value: Buffer): Buffer {
  return tag(0x02, value);
}

/** One attribute: the common name. */
function distinguishedName(name: string): Buffer {
  return sequence(tag(0x31, sequence(oid(0x55, 0x04, 0x03), tag(0x0c, Buffer.from(name)))));
}

/** UTCTime: `YYMMDDhhmmssZ`. */
function time(date: Date): Buffer {
  return tag(0x17, Buffer.from(`${date.toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`));
}

function extension(id: Buffer, value: Buffer): Buffer {
  return sequence(id, tag(0x04, value));
}

function ipAddress(address: string): Buffer {
  return tag(0x87, Buffer.from(address.split('.').map(Number)));
}
