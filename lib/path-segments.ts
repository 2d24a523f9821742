/** Segments of a path, each decoded by itself, so that an encoded slash parts nothing; undefined if it is none. */
export function decodePath(path: string): readonly string[] | undefined {
  if (!path.startsWith('/')) return undefined;
  try {
    return path.slice(1).split('/').map(decodeURIComponent);
  } catch {
    return undefined;
  }
}
