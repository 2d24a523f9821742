import { Failure } from '../../domain/failure.ts';
import { awsFailure, errorName } from './aws-failure.ts';
import type { AwsClient } from './aws-request.ts';

export interface S3Object {
  readonly text: string;
  /** Changes exactly when the object does. */
  readonly etag: string;
}

/** The bucket and key of `s3://bucket/key`; undefined for anything else. */
export function parseS3Address(address: string): { readonly bucket: string; readonly key: string } | undefined {
  const [, bucket, key] = /^s3:\/\/([a-z0-9][a-z0-9.-]{2,62})\/(.+)$/.exec(address) ?? [];
  return bucket === undefined || key === undefined ? undefined : { bucket, key };
}

/**
 * Reads the object at `s3://bucket/key`, in the region of the function; undefined if it is still the one of `etag`. Throws a Failure:
 * `user` for an address that is none, `missing` for what is not there or not allowed, `server` for what did not answer.
 */
export async function readS3Object(client: AwsClient, address: string, etag?: string): Promise<S3Object | undefined> {
  const place = parseS3Address(address);
  if (place === undefined) throw new Failure('user', `Cannot read "${address}": it is no s3://bucket/key`);
  const path = `/${place.bucket}/${place.key.split('/').map(encode).join('/')}`;
  try {
    const headers = etag === undefined ? {} : { 'if-none-match': etag };
    const answer = await client.request({ service: 's3', method: 'GET', path, headers });
    if (answer.status === 304) return undefined;
    return { text: answer.body, etag: answer.headers.etag ?? '' };
  } catch (error) {
    const found = absent[errorName(error)];
    if (found === undefined) throw awsFailure(`Cannot read "${address}"`, 'S3', error);
    throw new Failure('missing', `Cannot read "${address}": ${found}`, {
      help: 'Put the settings there, in the region of the functions, or deploy with another --config',
    });
  }
}

const absent: Readonly<Record<string, string>> = {
  AccessDenied: 'it is not there, or may not be read',
  NoSuchBucket: 'there is no such bucket',
  NoSuchKey: 'there is no such object',
  PermanentRedirect: 'the bucket is in another region',
};

/** RFC 3986, as S3 signs paths. */
function encode(segment: string): string {
  return encodeURIComponent(segment).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}
