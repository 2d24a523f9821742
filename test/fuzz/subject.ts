import type fc from 'fast-check';

/** Something that takes what others have written, and must neither break nor hang, whatever that is. */
export interface Subject<Input> extends AsyncDisposable {
  readonly inputs: fc.Arbitrary<Input>;
  /** What became of an input, in a word that is counted. Throws if it broke. */
  take(input: Input): Promise<string>;
  /** Inputs of one shape in any size: time has to grow with size. */
  readonly shapes: Readonly<Record<string, (size: number) => Input>>;
  /** Sizes above are refused before they are read. */
  readonly largest: number;
}
