import { Failure, type FailureOptions, type Fault } from '../../domain/failure.ts';

/** Why a connection ended without a whole answer: found in OpenSSL's and libuv's codes. */
interface Verdict extends Pick<FailureOptions, 'help'> {
  readonly fault: Fault;
  readonly code: string;
  readonly found: string;
  /** The server was reached, and the connection ended later. */
  readonly later?: true;
}

const nobodyThere = 'See whether the API server runs, and whether this machine may reach it';

const untrusted: Verdict = {
  fault: 'user',
  code: 'CertificateUntrusted',
  found: 'its certificate is signed by an authority that the kubeconfig does not name',
  help: 'Set certificate-authority-data in the kubeconfig to the authority of this very server',
};

const verdicts: Readonly<Record<string, Verdict>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  CERT_SIGNATURE_FAILURE: untrusted,
  CERT_UNTRUSTED: untrusted,
  CERT_HAS_EXPIRED: {
    fault: 'user',
    code: 'CertificateExpired',
    found: 'its certificate, or that of its authority, has expired',
    help: 'Renew the certificate of the API server',
  },
  CERT_NOT_YET_VALID: {
    fault: 'user',
    code: 'CertificateNotYetValid',
    found: 'its certificate is not valid yet',
    help: 'Compare the clocks of this machine and of the server',
  },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    fault: 'user',
    code: 'CertificateName',
    found: 'its certificate is for another name',
    help: 'Use a name of the certificate as server, or set tls-server-name',
  },
  EPROTO: {
    fault: 'user',
    code: 'NotTls',
    found: 'TLS cannot be agreed on with it',
    help: 'See whether the server speaks https at this port',
  },
  ENOTFOUND: {
    fault: 'missing',
    code: 'UnknownHost',
    found: 'there is no such host',
    help: 'Look at the name of the server in the kubeconfig',
  },
  ECONNREFUSED: { fault: 'server', code: 'Unreachable', found: 'nothing listens there', help: nobodyThere },
  ERR_CONNECT_TIMEOUT: { fault: 'server', code: 'Timeout', found: 'no connection in time', help: nobodyThere },
  ECONNRESET: { fault: 'server', code: 'Unreachable', found: 'the connection was cut', later: true },
  EPIPE: { fault: 'server', code: 'Unreachable', found: 'the connection was cut', later: true },
  Z_BUF_ERROR: { fault: 'server', code: 'Unreachable', found: 'the answer ended too early', later: true },
  ETIMEDOUT: { fault: 'server', code: 'Timeout', found: 'no answer in time', later: true },
  ERR_ANSWER_TOO_LARGE: { fault: 'user', code: 'TooLarge', found: 'the answer is larger than 256 MiB', later: true },
};

/** The Failure of what an abort signal has stopped. */
export function abortFailure(what: string): Failure {
  return new Failure('server', `Cannot ${what}: the run was stopped`, { code: 'Aborted' });
}

/** The Failure that an error of node's sockets is. Those of fault `server` may pass by themselves. `origin` is the server's `https://host:port`. */
export function connectionFailure(what: string, origin: string, error: Error): Failure {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const verdict: Verdict = verdicts[code] ?? {
    fault: 'server',
    code: 'Unreachable',
    found: `the connection failed (${code || error.message})`,
    help: nobodyThere,
  };
  const { fault, found, help, later = false } = verdict;
  return new Failure(fault, `Cannot ${later ? what : 'reach the cluster'} at "${origin}": ${found}`, {
    code: verdict.code,
    cause: error,
    ...(help !== undefined && { help }),
  });
}
