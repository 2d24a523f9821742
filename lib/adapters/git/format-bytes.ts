/** `60 MiB`, `1200 bytes`. */
export function formatBytes(bytes: number): string {
  return bytes < 1024 ** 2 ? `${bytes} bytes` : `${Math.ceil(bytes / 1024 ** 2)} MiB`;
}
