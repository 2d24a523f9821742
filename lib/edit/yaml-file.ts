import { type Document, parseAllDocuments, Schema } from 'yaml';
import { Failure } from '../domain/failure.ts';
import type { Json } from '../domain/objects/kube-object.ts';
import { readYaml } from '../render/read-yaml.ts';
import { documentValue } from '../render/yaml-node.ts';

/** A document: what Kubernetes reads in it, and its nodes, which know where in the file they are. */
export interface FileDocument {
  readonly value: Json;
  readonly document: Document.Parsed;
}

/** A file that is to be edited. Ranges of nodes are indexes of `text`: nothing in it is normalised. */
export interface YamlFile {
  readonly name: string;
  readonly text: string;
  /** Without empty ones. */
  readonly documents: readonly FileDocument[];
}

const schema = new Schema({ schema: 'failsafe', resolveKnownTags: false, merge: false });

/** Throws a `user` Failure that names file, line and column of what cannot be read. */
export function parseYamlFile(text: string, name: string): YamlFile {
  const values = readYaml(text, name);
  const parsed = parseAllDocuments(text, {
    schema,
    uniqueKeys: false,
    merge: false,
    prettyErrors: false,
    logLevel: 'silent',
  });
  const documents = 'empty' in parsed ? [] : parsed.filter((document) => documentValue(document) !== null);
  if (documents.length !== values.length || documents.some(({ errors }) => errors.length > 0)) {
    throw new Failure('user', `Cannot edit "${name}": its documents cannot be told apart`, {
      help: 'Separate the documents by lines that hold nothing but ---',
    });
  }
  return {
    name,
    text,
    documents: documents.map((document, index) => ({ value: values[index]?.value ?? null, document })),
  };
}

/** The Failure of an edit that is not made; `place` is what was to be changed, as a reader of the file would name it. */
export function cannotEdit(file: { readonly name: string }, place: string, state: string): Failure {
  return new Failure('user', `Cannot edit "${file.name}": ${place}: ${state}`, {
    code: 'NotEdited',
    help: 'Change the file by hand, or write this value where it stands alone',
  });
}
