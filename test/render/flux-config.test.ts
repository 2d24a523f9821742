import { describe, expect, it } from 'vitest';
import { parseFluxConfig } from '../../lib/render/flux-config.ts';

describe('parseFluxConfig', () => {
  it('reads generators, updaters and timeouts, of which those below a second do not count', () => {
    const text = `
version: 1
commandUpdated:
  generators:
  - {command: kustomize build ., timeout: 1m30s}
  - {command: cat a.yaml, timeout: 500ms}
  updaters:
  - containerImage: {command: ./image.sh}
    policy: {command: ./policy.sh, timeout: 2.5s}
`;
    expect(parseFluxConfig(text, '.flux.yaml')).toEqual({
      mode: 'commandUpdated',
      generators: [
        { command: 'kustomize build .', timeout: 90 },
        { command: 'cat a.yaml', timeout: undefined },
      ],
      updaters: [{ containerImage: { command: './image.sh' }, policy: { command: './policy.sh', timeout: 2.5 } }],
    });
  });

  it('says every problem, with its path', () => {
    const text = `
version: 2
commandUpdated:
  generators: [{command: "", timeout: 5}, {run: x}]
scanForFiles: {}
more: 1
`;
    expect(() => parseFluxConfig(text, 'a/.flux.yaml')).toThrow(
      'Cannot use "a/.flux.yaml": version: Expected 1, found 2; ' +
        'commandUpdated.generators[0].command: Expected some text, found none; ' +
        'commandUpdated.generators[0].timeout: Expected a duration as text, such as 5s; ' +
        'commandUpdated.generators[1].command: Expected text, found nothing; ' +
        'commandUpdated.generators[1].run: Unknown key; known here are command, timeout; ' +
        'more: Unknown key; known here are version, commandUpdated, patchUpdated, scanForFiles',
    );
  });

  it.each([
    [
      'two modes',
      'version: 1\nscanForFiles: {}\npatchUpdated: {generators: [], patchFile: a}\n',
      'Expected exactly one of commandUpdated, patchUpdated and scanForFiles',
    ],
    [
      'a timeout that is none',
      'version: 1\npatchUpdated: {generators: [{command: a, timeout: soon}], patchFile: a}\n',
      'patchUpdated.generators[0].timeout: Expected a duration such as 5s or 1m30s',
    ],
    [
      'two documents',
      'version: 1\nscanForFiles: {}\n---\nversion: 1\nscanForFiles: {}\n',
      '2 documents, where one is expected',
    ],
  ])('refuses %s', (_name, text, problem) => {
    expect(() => parseFluxConfig(text, '.flux.yaml')).toThrow(`Cannot use ".flux.yaml": ${problem}`);
  });
});
