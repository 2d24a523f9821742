/** Why an address without TLS is refused: what goes over it can be read and changed. Undefined for any other address, and on loopback in local runs. */
export function refusePlainHttp(url: string, { local }: { readonly local: boolean }): string | undefined {
  if (!url.startsWith('http:')) return undefined;
  const host = URL.parse(url)?.hostname ?? '';
  const loopback = host === 'localhost' || host === '[::1]' || /^127(\.\d+){3}$/.test(host);
  return local && loopback ? undefined : 'http is for local runs on loopback';
}
