import { describe, expect, it } from 'vitest';
import { type FluxCommand, understandCommand } from '../../lib/render/flux-command.ts';

const understood: [command: string, form: FluxCommand][] = [
  ['kustomize build', { tool: 'kustomize', directory: '.' }],
  ['kustomize build .', { tool: 'kustomize', directory: '.' }],
  ['  kustomize   build ../overlays/prod \n', { tool: 'kustomize', directory: '../overlays/prod' }],
  ['kubectl kustomize "a b"', { tool: 'kustomize', directory: 'a b' }],
  ["cat a.yaml 'b c.yaml'", { tool: 'cat', files: ['a.yaml', 'b c.yaml'] }],
  ['helm template ./chart', { tool: 'helm', chart: './chart', options: [] }],
  [
    'helm template shop ./chart -f a.yaml,b.yaml --values=c.yaml --set image.tag=1.2 -n shop --include-crds',
    {
      tool: 'helm',
      name: 'shop',
      chart: './chart',
      options: [
        { flag: '--values', file: 'a.yaml' },
        { flag: '--values', file: 'b.yaml' },
        { flag: '--values', file: 'c.yaml' },
        { flag: '--set', value: 'image.tag=1.2' },
        { flag: '--namespace', value: 'shop' },
        { flag: '--include-crds' },
      ],
    },
  ],
];

describe('understandCommand', () => {
  it.each(understood)('understands %s', (command, form) => {
    expect(understandCommand(command)).toEqual(form);
  });

  it.each([
    'kustomize build . | sed s/a/b/',
    'kustomize build . && cat a.yaml',
    'kustomize build .; id',
    'kustomize build $(pwd)',
    'kustomize build "$HOME"',
    'kustomize build `pwd`',
    'kustomize build . > /tmp/x',
    'kustomize build .\ncat a.yaml',
    'kustomize build --enable-exec .',
    'kustomize build a b',
    'kustomize edit set image a=b',
    'cat *.yaml',
    'cat',
    'cat -n a.yaml',
    'cat a.yaml # the first',
    'cat ~/a.yaml',
    'cat a\\ b',
    'cat "a',
    'helm template shop chart --post-renderer ./x',
    'helm template shop chart --set-file a=b',
    'helm template shop chart --dependency-update',
    'helm template chart --repo https://charts.example',
    'helm template a b c',
    'helm template chart -f',
    'helm install a b',
    'FOO=bar kustomize build',
    './generate.sh',
    '',
  ])('leaves %j to a shell', (command) => {
    expect(understandCommand(command)).toBeUndefined();
  });
});
