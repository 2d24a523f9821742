import { Failure, type Fault } from '../../domain/failure.ts';
import { registryCloud } from '../../domain/images/registry-host.ts';

interface Verdict {
  readonly fault: Fault;
  readonly code: string;
  readonly found: string;
}

const untrusted: Verdict = { fault: 'user', code: 'CertificateUntrusted', found: 'its certificate is not trusted' };

const verdicts: Readonly<Record<string, Verdict>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  CERT_HAS_EXPIRED: { ...untrusted, found: 'its certificate has expired' },
  ERR_TLS_CERT_ALTNAME_INVALID: { ...untrusted, found: 'its certificate is for another name' },
  EPROTO: { fault: 'user', code: 'NotTls', found: 'it does not speak https there' },
  ENOTFOUND: { fault: 'missing', code: 'UnknownHost', found: 'there is no such host' },
  ETIMEDOUT: { fault: 'server', code: 'Timeout', found: 'no whole answer in time' },
  ERR_ANSWER_TOO_LARGE: { fault: 'server', code: 'TooLarge', found: 'its answer is too large' },
};

/** The Failure that an error of node's sockets is; `what` as in `read the tags of "quay.io/acme/app"`. */
export function connectionFailure(what: string, error: unknown): Failure {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const {
    fault,
    code: word,
    found,
  } = verdicts[code] ?? {
    fault: 'server' as const,
    code: 'Unreachable',
    found: `the connection failed (${code || (error as Error).message})`,
  };
  const help =
    fault === 'user'
      ? 'If the host may be asked without a certificate that holds, set insecure: true for it'
      : undefined;
  return new Failure(fault, `Cannot ${what}: ${found}`, { code: word, cause: error, ...(help && { help }) });
}

/** The Failure that an answer without success is. Bodies of registries are not quoted: a page of a proxy may hold anything. */
export function answerFailure(what: string, host: string, status: number): Failure {
  if (status === 401 || status === 403) {
    return new Failure('user', `Cannot ${what}: the registry refuses it (${status})`, {
      code: 'Unauthorized',
      help: helpFor(host),
    });
  }
  if (status === 404)
    return new Failure('missing', `Cannot ${what}: the registry has no such repository`, { code: 'NotFound' });
  return new Failure('server', `Cannot ${what}: the registry answers ${status}`, { code: 'Unreachable' });
}

const helps = {
  aws: 'Set auth of this host in registries, or let the function that reads registries use a role that may read ECR',
  azure:
    'Set auth of this host in registries to <application id>:<password> of a service principal, or to a token of the registry',
  google: 'Set auth of this host in registries to _json_key:<the key of a service account>',
};

function helpFor(host: string): string {
  const cloud = registryCloud(host);
  return cloud === undefined
    ? `Set auth of "${host}" in registries to a secret that may pull, and check the name: many registries refuse what they do not have`
    : helps[cloud];
}

export function tooManyRequests(what: string, host: string, waitMs: number): Failure {
  return new Failure('server', `Cannot ${what}: "${host}" asks to wait ${Math.ceil(waitMs / 1000)} s`, {
    code: 'TooManyRequests',
    help: 'Registries limit anonymous requests more: set auth of this host in registries',
  });
}

export function stopped(what: string): Failure {
  return new Failure('server', `Cannot ${what}: the run was stopped`, { code: 'Aborted' });
}

/** What a registry sent is not what it has to be; asked again it may be. */
export function wrongAnswer(what: string, found: string): Failure {
  return new Failure('server', `Cannot ${what}: ${found}`, { code: 'WrongAnswer' });
}
