import { isBuiltin } from 'node:module';
import type { Plugin } from 'esbuild';

/**
 * Node's own modules are required and not imported: an import makes a copy of every export, and to copy those of `node:http` node loads its
 * WebSocket and fetch, a fifth of a cold start.
 */
export const requiredBuiltins: Plugin = {
  name: 'required-builtins',
  setup(build) {
    const namespace = 'required-builtin';
    build.onResolve({ filter: /^[a-z]/ }, ({ path, kind }) => {
      if (!isBuiltin(path)) return undefined;
      return kind === 'require-call' ? { path, external: true } : { path, namespace };
    });
    build.onLoad({ filter: /^/, namespace }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
      loader: 'js',
    }));
  },
};
