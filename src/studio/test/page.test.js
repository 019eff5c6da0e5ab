// The page itself: its list of modules, and the texts that do not need a browser.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { curlCommand, javascriptCall, pythonCall } from '../../main/resources/web/studio/copy.js';
import { formatCountdown, formatDuration, ordinal } from '../../main/resources/web/studio/format.js';
import { justify } from '../../main/resources/web/studio/justify.js';

const web = join(dirname(fileURLToPath(import.meta.url)), '../../main/resources/web/studio');

/** The modules that a module imports statically, with those that they import. */
function importedModules(/** @type {string} */ name, /** @type {Set<string>} */ found) {
  found.add(name);
  if (name !== 'vendor.js' && name !== 'client.js') {
    for (const [, path = ''] of readFileSync(join(web, name), 'utf8').matchAll(/^(?:import|export) [^;]*?from '(\.[^']+)';$/gm)) {
      const imported = normalize(join(dirname(name), path));
      if (!found.has(imported)) importedModules(imported, found);
    }
  }
  return found;
}

test('index.html preloads the modules of the first page, so that they load at once', () => {
  const page = readFileSync(join(web, 'index.html'), 'utf8');
  const preloaded = [...page.matchAll(/rel="modulepreload" href="studio\/([^"]+)"/g)].map(([, name]) => name);
  const needed = importedModules('main.js', new Set());
  needed.delete('main.js');
  assert.deepEqual(preloaded.toSorted(), [...needed].toSorted());
});

test('the dark colors for the setting of the system and for the chosen theme are equal', () => {
  const tokens = readFileSync(join(web, 'styles/tokens.css'), 'utf8');
  const [system, chosen, ...others] = [...tokens.matchAll(/\{([^{}]*--bg: #1[^{}]*)\}/g)].map(([, block = '']) => block.trim().split(/\s*;\s*/));
  assert.deepEqual(system, chosen);
  assert.deepEqual(others, []);
  assert.ok(chosen && chosen.length > 20);
});

const generation = /** @type {import('../../main/resources/web/studio/client.js').Generation} */ ({
  id: '01a22ee5-fd63-7e29-a997-d68d4ec31e09',
  status: 'COMPLETE',
  prompt: `A fisherman's "boat" $HOME`,
  width: 768,
  height: 512,
  count: 2,
  seed: 7,
  parameters: { steps: 30, tiling: true },
  attempts: [],
  failedAttempts: 0,
  submissions: 1,
  createdAt: '2026-12-01T00:00:00.000Z',
  updatedAt: '2026-12-01T00:00:01.000Z',
});

test('a curl command quotes the prompt for a shell', () => {
  const command = curlCommand(generation);
  assert.match(command, /-d '\{"prompt":"A fisherman'\\''s \\"boat\\" \$HOME","width":768,"height":512,"count":2,"seed":7,"parameters":/);
});

test('commands name a variable instead of the API key', () => {
  // Outside a page, authentication is required.
  assert.match(curlCommand(generation), /-H "Authorization: Bearer \$DARKROOM_KEY"/);
  assert.match(pythonCall(generation), /api_key=os\.environ\["DARKROOM_KEY"\]/);
  assert.match(javascriptCall(generation), /apiKey: process\.env\.DARKROOM_KEY/);
});

test('the Python call has literals of Python, and members that OpenAI does not have in extra_body', () => {
  assert.match(pythonCall(generation), /extra_body=\{"seed": 7, "steps": 30, "tiling": True\},/);
  assert.match(pythonCall(generation), /size="768x512",\n {4}n=2,/);
});

test('rows of the gallery have the full width and keep the shape of images', () => {
  const items = Array.from({ length: 23 }, (_, index) => ({ id: String(index), ratio: [1, 1.5, 0.67, 1.78][index % 4] ?? 1 }));
  const rows = justify(items, 900, 200, 8);
  assert.deepEqual(rows.flatMap((row) => row.ids), items.map(({ id }) => id));
  for (const row of rows.filter(({ filled }) => filled)) {
    const ratios = row.ids.reduce((sum, id) => sum + (items[Number(id)]?.ratio ?? 0), 0);
    assert.ok(Math.abs(row.height * ratios + 8 * (row.ids.length - 1) - 900) < 0.01);
    assert.ok(row.height > 120 && row.height < 330, `height ${row.height}`);
  }
  assert.deepEqual(justify([{ id: 'a', ratio: 1 }], 900, 200, 8), [{ ids: ['a'], height: 200, filled: false }]);
});

test('durations and positions are readable', () => {
  assert.equal(formatDuration(12_345), '12.3\u00a0s');
  assert.equal(formatDuration(59_970), '1\u00a0min 0\u00a0s');
  assert.equal(formatDuration(7_380_000), '2\u00a0h 3\u00a0min');
  assert.equal(formatCountdown(-5), '0\u00a0s');
  assert.equal(formatCountdown(3_001), '4\u00a0s');
  assert.deepEqual([1, 2, 3, 11, 22, 113].map(ordinal), ['1st', '2nd', '3rd', '11th', '22nd', '113th']);
});
