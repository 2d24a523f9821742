import { Failure, type Fault } from '../../domain/failure.ts';
import { type Address, withoutCredentials } from './address.ts';

/** What a message says about an exchange with a server. `credentials` names the secret that was used, never its value. */
export interface Exchange {
  readonly address: Address;
  readonly credentials: string | undefined;
}

interface Rule {
  readonly pattern: RegExp;
  readonly fault: Fault;
  readonly code: string;
  readonly state: string;
  readonly help?: (exchange: Exchange) => string;
}

const fullDiskWords = /No space left on device|Disk quota exceeded/;
const fullDiskHelp = 'Free space on the disk that holds the scratch folder';

/** What git, curl and ssh say (in the C locale), and what it means. The first that matches counts. */
const rules: readonly Rule[] = [
  {
    pattern: fullDiskWords,
    fault: 'server',
    code: 'DiskFull',
    state: 'the scratch disk is full',
    help: () => fullDiskHelp,
  },
  {
    pattern: /not our ref/,
    fault: 'server',
    code: 'Moved',
    state: 'the commit that was asked for is no longer there',
  },
  {
    pattern: /Server does not allow request for unadvertised/,
    fault: 'server',
    code: 'Unadvertised',
    state: 'the server gives only the heads of branches',
  },
  {
    pattern: /could not read (Username|Password)|Authentication failed|returned error: 401/,
    fault: 'user',
    code: 'Unauthorized',
    state: 'the server refuses the credentials',
    help: checkSecret,
  },
  {
    pattern: /returned error: 403|access denied|Access denied|You are not allowed/,
    fault: 'user',
    code: 'Forbidden',
    state: 'the credentials may not read it',
    help: checkSecret,
  },
  {
    pattern: /Load key ".*": (invalid format|error in libcrypto)|incorrect passphrase/,
    fault: 'user',
    code: 'Unauthorized',
    state: 'the SSH key is not a private key without a passphrase',
    help: checkSecret,
  },
  {
    pattern: /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    fault: 'user',
    code: 'HostKey',
    state: 'the server shows another host key than the known one',
    help: () => 'If the server has a new key, correct auth.knownHosts; if not, somebody is in between',
  },
  {
    pattern: /Host key verification failed|No .* host key is known/,
    fault: 'user',
    code: 'HostKey',
    state: 'the host key of the server is not known',
    help: () => 'Put the line of the server into auth.knownHosts (ssh-keyscan prints it; compare the fingerprint)',
  },
  {
    pattern: /Permission denied \(|Permission denied, please try again/,
    fault: 'user',
    code: 'Unauthorized',
    state: 'the server refuses the SSH key',
    help: checkSecret,
  },
  {
    pattern:
      /returned error: 404|repository '.*' not found|Repository not found|does not appear to be a git repository/i,
    fault: 'missing',
    code: 'NotFound',
    state: 'there is no such repository, or the credentials do not show it',
    help: checkUrl,
  },
  {
    pattern: /transport '.*' not allowed/,
    fault: 'user',
    code: 'Forbidden',
    state: 'it leads to a protocol that is not allowed',
  },
  {
    pattern: /dumb http transport/,
    fault: 'user',
    code: 'Unsupported',
    state: 'the server speaks only the dumb HTTP protocol',
  },
  {
    // ssh says whether the resolver itself failed; curl says no more than this.
    pattern: /Could not resolve host(?!name \S+ Temporary failure)/,
    fault: 'missing',
    code: 'UnknownHost',
    state: 'there is no such host',
    help: () => 'Look at the name of the server in source.url',
  },
  {
    pattern:
      /Could not resolve|Failed to connect|Connection (refused|reset|timed out|closed)|Operation (too slow|timed out)|early EOF|RPC failed|hung up unexpectedly|Network is unreachable|No route to host|kex_exchange_identification|Empty reply|unexpected disconnect|returned error: (429|5\d\d)|Couldn't connect|Recv failure/,
    fault: 'server',
    code: 'Unreachable',
    state: 'the server does not answer',
  },
  { pattern: /SSL|certificate|TLS/, fault: 'server', code: 'Unreachable', state: 'the TLS connection fails' },
];

const maxDetail = 300;

/** The Failure that git's standard error tells: bounded, and without credentials. `GitFailed` if it says nothing about the server. */
export function gitFailure(action: string, exchange: Exchange, stderr: string): Failure {
  const about = `Cannot ${action} "${withoutCredentials(exchange.address.url)}"`;
  const rule = rules.find((candidate) => candidate.pattern.test(stderr));
  const detail = lastWords(stderr, rule?.pattern);
  if (rule === undefined) return new Failure('server', `${about}: git says: ${detail}`, { code: 'GitFailed' });
  const help = rule.help?.(exchange);
  const state = rule.code === 'Unreachable' ? `${rule.state} (${detail})` : rule.state;
  return new Failure(rule.fault, `${about}: ${state}`, { code: rule.code, ...(help === undefined ? {} : { help }) });
}

/** What git's standard error says of an operation on this disk alone. */
export function localFailure(command: string, stderr: string): Failure {
  if (fullDiskWords.test(stderr)) return fullDisk();
  const detail = lastWords(stderr, undefined);
  return new Failure('server', `Cannot read the repository's cache: git ${command} says: ${detail}`, {
    code: 'GitFailed',
  });
}

export function fullDisk(cause?: unknown): Failure {
  const options = { code: 'DiskFull', help: fullDiskHelp, ...(cause === undefined ? {} : { cause }) };
  return new Failure('server', 'Cannot read the repository: the scratch disk is full', options);
}

/** What a full disk throws without a word of its own is said to be one. */
export function explaining<Arguments extends unknown[], Result>(
  work: (...args: Arguments) => Promise<Result>,
): (...args: Arguments) => Promise<Result> {
  return async (...args) => {
    try {
      return await work(...args);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException | undefined)?.code;
      throw !(error instanceof Failure) && (code === 'ENOSPC' || code === 'EDQUOT') ? fullDisk(error) : error;
    }
  };
}

/** The line that matched, or the last one that git itself marks as an error, or the last. */
function lastWords(stderr: string, pattern: RegExp | undefined): string {
  const lines = withoutCredentials(stderr)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const line =
    lines.find((candidate) => pattern?.test(candidate)) ??
    lines.findLast((candidate) => /^(fatal|error):/.test(candidate)) ??
    lines.at(-1) ??
    'nothing';
  return line
    .replace(/^((fatal|error): )?(unable to access '[^']*': )?/, '')
    .replace(/ after \d+ ms(?=:)/, '')
    .slice(0, maxDetail);
}

function checkUrl(exchange: Exchange): string {
  return exchange.credentials === undefined
    ? 'Correct source.url, or add auth if the repository is private'
    : `Correct source.url, or check the secret ${exchange.credentials}, and that it may read this repository`;
}

function checkSecret(exchange: Exchange): string {
  return exchange.credentials === undefined
    ? 'The source has no credentials: add auth'
    : `Check the secret ${exchange.credentials}, and that it may read this repository`;
}
