import { expect, it } from 'vitest';
import { deliver } from './deliver.ts';
import { exampleOf } from './examples/examples.ts';

it.each(['nexus, component', 'nexus, asset'])(
  '%s without a registry says what is missing, once it is verified',
  async (name) => {
    const example = exampleOf(name);
    const { settings: _, ...bare } = example;
    expect(await deliver(bare)).toEqual({
      status: 200,
      message: 'Cannot read the delivery: Nexus does not say where its images are',
      help: expect.stringContaining('registry'),
    });
    expect(await deliver(bare, { secret: example.otherSecret })).toMatchObject({ status: 401 });
  },
);
