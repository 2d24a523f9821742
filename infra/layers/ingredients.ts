/** What a layer is made of. */
export interface Ingredients {
  /** JSON that changes when the zip would. */
  readonly facts: unknown;
  /** Makes the bytes of the zip. */
  readonly build: () => Promise<Buffer>;
}
