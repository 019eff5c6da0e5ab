// Builds vendor.js and client.js of the studio. With --check, builds them into a temporary directory, compares them with the committed files,
// and exits with 1 if one differs. Both ways generate the types of the client into generated/, which the type check reads.
import { createClient } from '@hey-api/openapi-ts';
import { build } from 'esbuild';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const committed = join(here, '../main/resources/web/studio');
const check = process.argv.includes('--check');

const mit = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the
"Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute,
sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions:
The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.
THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN
THE SOFTWARE.`;

function version(name) {
  return JSON.parse(readFileSync(join(here, 'node_modules', name, 'package.json'), 'utf8')).version;
}

const bundles = [
  {
    entry: 'vendor.js',
    output: 'vendor.js',
    banner: `/*! Built by src/studio/build.mjs, not edited by hand.
preact ${version('preact')}, MIT, Copyright (c) 2015-present Jason Miller
@preact/signals ${version('@preact/signals')} and @preact/signals-core ${version('@preact/signals-core')}, MIT, Copyright (c) 2022-present Preact Team
htm ${version('htm')}, Apache-2.0 (https://www.apache.org/licenses/LICENSE-2.0), Copyright 2018 Google Inc.
MIT: ${mit} */`,
  },
  {
    entry: 'client.ts',
    output: 'client.js',
    banner: `/*! Generated from openapi.yaml by src/studio/build.mjs with @hey-api/openapi-ts ${version('@hey-api/openapi-ts')}, MIT, Copyright (c) Hey API. */`,
  },
];

// The filter of tags warns of each component that is no schema.
const warn = console.warn;
console.warn = (/** @type {any[]} */ ...parts) => {
  if (!String(parts[0]).startsWith('unsupported type')) warn(...parts);
};
await createClient({
  input: join(here, '../../openapi.yaml'),
  output: join(here, 'generated'),
  plugins: ['@hey-api/client-fetch', '@hey-api/typescript', '@hey-api/sdk'],
  // The studio uses the native API of the port that serves it.
  parser: { filters: { tags: { exclude: ['Callbacks', 'Contract', 'Health', 'OpenAI-compatible', 'Replicate-compatible'] } } },
  logs: { level: 'silent' },
});
console.warn = warn;

const output = check ? mkdtempSync(join(tmpdir(), 'studio-')) : committed;
try {
  for (const bundle of bundles) {
    await build({
      absWorkingDir: here,
      entryPoints: [bundle.entry],
      outfile: join(output, bundle.output),
      bundle: true,
      minify: true,
      format: 'esm',
      target: 'es2022',
      legalComments: 'none',
      banner: { js: bundle.banner },
      logLevel: 'error',
    });
  }
  if (check) {
    for (const { output: name } of bundles) {
      if (!readFileSync(join(output, name)).equals(readFileSync(join(committed, name)))) {
        console.error(`${name} is not what the build makes of openapi.yaml and package-lock.json. Run "npm run build" in src/studio.`);
        process.exitCode = 1;
      }
    }
  }
} finally {
  if (check) rmSync(output, { recursive: true });
}
