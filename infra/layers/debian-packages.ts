/**
 * What the git layer is made of, by the names of Debian 12's packages. A library that is needed and is in none of them stops the build
 * (stage-programs.ts); each library here is needed by one of the programs.
 */
export const debianPackages = {
  /** In the layer: git, and gpg with its agent for signatures that are not SSH's; their libraries; the authorities that Mozilla trusts. */
  shipped: [
    'git',
    'gpg',
    'gpg-agent',
    'ca-certificates',
    'libassuan0',
    'libbrotli1',
    'libbz2-1.0',
    'libcom-err2',
    'libcurl3-gnutls',
    'libffi8',
    'libgcrypt20',
    'libgmp10',
    'libgnutls30',
    'libgpg-error0',
    'libgssapi-krb5-2',
    'libhogweed6',
    'libidn2-0',
    'libk5crypto3',
    'libkeyutils1',
    'libkrb5-3',
    'libkrb5support0',
    'libldap-2.5-0',
    'libnettle8',
    'libnghttp2-14',
    'libnpth0',
    'libp11-kit0',
    'libpcre2-8-0',
    'libpsl5',
    'libreadline8',
    'librtmp1',
    'libsasl2-2',
    'libsqlite3-0',
    'libssh2-1',
    'libssl3',
    'libtasn1-6',
    'libtinfo6',
    'libunistring2',
    'libzstd1',
    'zlib1g',
  ],
  /** Only used by the build: base-files has the texts of the licences that the others refer to. */
  used: ['base-files', 'libssl-dev', 'patchelf', 'zlib1g-dev'],
  /** Compiled: Debian's own `ssh` needs GLIBC_2.36 (facts/dependencies.md "Git"). */
  source: 'openssh',
} as const;
