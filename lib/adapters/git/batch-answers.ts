/** What git-cat-file(1) says of an object. */
export interface FoundObject {
  readonly type: string;
  readonly size: number;
  /** Absent where only the object was asked for. */
  readonly contents?: Buffer;
}

/** Questions about objects, answered one after the other. */
export interface Question {
  readonly command: 'info' | 'contents';
  readonly ids: readonly string[];
  readonly resolve: (found: ReadonlyMap<string, FoundObject>) => void;
  readonly reject: (error: unknown) => void;
}

/** Reads the output of `git cat-file --batch-command`: chunk after chunk, each answer resolves the first of the questions. */
export function createBatchAnswers(questions: Question[]): (chunk: Buffer) => void {
  let chunks: Buffer[] = [];
  let bytes = 0;
  /** With less than this the answer that comes is not whole: a large one is not looked at with each of its chunks. */
  let needed = 1;
  let answered = 0;
  let found = new Map<string, FoundObject>();

  function answer(): void {
    answered += 1;
    const [question] = questions;
    if (question === undefined || answered < question.ids.length) return;
    questions.shift();
    question.resolve(found);
    answered = 0;
    found = new Map();
  }

  return (chunk) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes < needed) return;
    let rest = Buffer.concat(chunks, bytes);
    needed = 1;
    while (questions[0] !== undefined && rest.length >= needed) {
      const read = readAnswer(rest, questions[0].command);
      if ('needed' in read) needed = read.needed;
      else {
        if (read.object !== undefined) found.set(read.id, read.object);
        rest = rest.subarray(read.end);
        answer();
      }
    }
    chunks = [rest];
    bytes = rest.length;
  };
}

type Read = { readonly id: string; readonly object?: FoundObject; readonly end: number } | { readonly needed: number };

/** `<id> <type> <size>\n`, with `<contents>\n` after it if they were asked for; `<id> missing\n` for what is not there. */
function readAnswer(buffer: Buffer, command: Question['command']): Read {
  const lineEnd = buffer.indexOf('\n') + 1;
  if (lineEnd === 0) return { needed: buffer.length + 1 };
  const [id = '', type = '', length] = buffer.toString('latin1', 0, lineEnd - 1).split(' ');
  if (length === undefined) return { id, end: lineEnd };
  const size = Number(length);
  if (command === 'info') return { id, object: { type, size }, end: lineEnd };
  const end = lineEnd + size + 1;
  if (buffer.length < end) return { needed: end };
  // A copy, so that it does not keep what came with it.
  return { id, object: { type, size, contents: Buffer.from(buffer.subarray(lineEnd, end - 1)) }, end };
}
