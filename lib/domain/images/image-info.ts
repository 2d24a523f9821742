/** What a registry tells of one tag. */
export interface ImageInfo {
  readonly tag: string;
  /** Of the manifest that the tag names: `sha256:…`. */
  readonly digest?: string;
  /** The same for tags of one image: the digest of its config. */
  readonly imageId?: string;
  /** Epoch milliseconds, with a fraction; absent where it is unknown, which includes Go's zero time. */
  readonly created?: number;
}

/** What a registry has under a tag, for one platform. */
export interface RegistryImage extends ImageInfo {
  readonly digest: string;
  /** Of the image, at most 100; empty where there are none. */
  readonly labels: Readonly<Record<string, string>>;
}

/** A tag that is there, and has nothing for the platform: `reason` says so. Leave it out of what is chosen from. */
export interface ExcludedImage {
  readonly tag: string;
  readonly excluded: string;
}

/** A repository as far as it was read. A tag without an entry in `images` is one whose manifest could not be read. */
export interface RepositoryImages {
  readonly tags: readonly string[];
  readonly images: ReadonlyMap<string, ImageInfo>;
}

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/** Epoch milliseconds of an RFC 3339 time; undefined for another text, and for years before 2 (Go's zero time is in year 1). */
export function parseTime(text: string): number | undefined {
  const match = rfc3339.exec(text);
  if (match === null || text.startsWith('0001-') || text.startsWith('0000-')) return undefined;
  const [, fraction = ''] = match;
  const milliseconds = Date.parse(text.replace(fraction, ''));
  // Beyond the milliseconds that Date keeps: two images of one build are often that close.
  return Number.isNaN(milliseconds) ? undefined : milliseconds + Number(`0${fraction}`) * 1000;
}

export interface LabelTimes {
  /** `org.opencontainers.image.created`, else `org.label-schema.build-date`. */
  readonly created?: number;
  /** Labels whose value is no RFC 3339 time. */
  readonly malformed: readonly string[];
}

const timeLabels = ['org.opencontainers.image.created', 'org.label-schema.build-date'];

/** The created time that an image's labels give (facts/flux-v1.md §1.8). */
export function labelTimes(labels: Readonly<Record<string, string>>): LabelTimes {
  const malformed: string[] = [];
  const times: number[] = [];
  for (const label of timeLabels) {
    const text = Object.hasOwn(labels, label) ? labels[label] : undefined;
    if (text === undefined || text === '') continue;
    const time = parseTime(text);
    if (time !== undefined) times.push(time);
    else if (!rfc3339.test(text)) malformed.push(label);
  }
  const [created] = times;
  return { ...(created !== undefined && { created }), malformed };
}
