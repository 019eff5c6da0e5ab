// Copies texts, and writes a generation as a command or as a call of an OpenAI client. A command never contains the API key of the session.

import { showToast } from './announcer.js';
import { authRequired, baseUrl } from './page.js';

/** @typedef {import('./client.js').Generation} Generation */

const KEY_VARIABLE = 'DARKROOM_KEY';

/** The response then has the image. Not more than the default of `generation.maxWait`. */
const CURL_WAIT_SECONDS = 30;

/**
 * Copies a text to the clipboard and confirms it.
 * @param {string} text
 * @param {string} name of the text, such as `Prompt`
 */
export async function copyText(text, name) {
  try {
    await writeClipboard(text);
    showToast(`${name} copied`);
  } catch {
    showToast(`${name} could not be copied`);
  }
}

/** @param {string} text */
async function writeClipboard(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  // The clipboard API exists only with https and on loopback addresses.
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'visually-hidden';
  document.body.append(area);
  const focused = /** @type {HTMLElement | null} */ (document.activeElement);
  area.select();
  const copied = document.execCommand('copy');
  area.remove();
  focused?.focus();
  if (!copied) {
    throw new Error('The browser did not copy the text.');
  }
}

/**
 * The URL of the page of a generation.
 * @param {string} id
 */
export function generationUrl(id) {
  return `${baseUrl}/#/generations/${id}`;
}

/**
 * The request body that creates the same generation again. Input images are left out, because uploads expire.
 * @param {Generation} generation
 */
function requestBody(generation) {
  const { prompt, negativePrompt, model, width, height, count, seed, parameters } = generation;
  return {
    prompt,
    ...(negativePrompt !== undefined && { negativePrompt }),
    ...(model !== undefined && { model }),
    width,
    height,
    ...(count > 1 && { count }),
    seed,
    ...(parameters !== undefined && { parameters }),
  };
}

/**
 * A command for a POSIX shell.
 * @param {Generation} generation
 */
export function curlCommand(generation) {
  const lines = [`curl -i ${baseUrl}/api/generation`];
  if (authRequired) {
    lines.push(`-H "Authorization: Bearer $${KEY_VARIABLE}"`);
  }
  lines.push(`-H 'Content-Type: application/json'`);
  lines.push(`-H 'Prefer: wait=${CURL_WAIT_SECONDS}'`);
  lines.push(`-d ${shellQuote(JSON.stringify(requestBody(generation)))}`);
  return lines.join(' \\\n  ');
}

/**
 * A call of the Python client of OpenAI.
 * @param {Generation} generation
 */
export function pythonCall(generation) {
  const { n, extra, ...fields } = openAiFields(generation);
  const entries = Object.entries({ ...fields, ...(n > 1 && { n }) }).map(([name, value]) => `    ${name}=${pythonLiteral(value)},`);
  if (Object.keys(extra).length) {
    entries.push(`    extra_body=${pythonLiteral(extra)},`);
  }
  const key = authRequired ? `os.environ["${KEY_VARIABLE}"]` : '"local"';
  return [
    'import base64',
    ...(authRequired ? ['import os'] : []),
    '',
    'from openai import OpenAI',
    '',
    `client = OpenAI(base_url="${baseUrl}/v1", api_key=${key})`,
    'result = client.images.generate(',
    ...entries,
    ')',
    'with open("image.png", "wb") as file:',
    '    file.write(base64.b64decode(result.data[0].b64_json))',
  ].join('\n');
}

/**
 * A call of the JavaScript client of OpenAI.
 * @param {Generation} generation
 */
export function javascriptCall(generation) {
  const { n, extra, ...fields } = openAiFields(generation);
  const entries = Object.entries({ ...fields, ...(n > 1 && { n }), ...extra }).map(([name, value]) => `  ${name}: ${JSON.stringify(value)},`);
  const key = authRequired ? `process.env.${KEY_VARIABLE}` : '"local"';
  return [
    'import { writeFile } from "node:fs/promises";',
    'import OpenAI from "openai";',
    '',
    `const client = new OpenAI({ baseURL: "${baseUrl}/v1", apiKey: ${key} });`,
    'const result = await client.images.generate({',
    ...entries,
    '});',
    'await writeFile("image.png", Buffer.from(result.data[0].b64_json, "base64"));',
  ].join('\n');
}

/**
 * The members of a request of the OpenAI API; `extra` are those that OpenAI does not have.
 * @param {Generation} generation
 */
function openAiFields(generation) {
  const { prompt, negativePrompt, model, width, height, count, seed, parameters } = generation;
  return {
    prompt,
    ...(model !== undefined && { model }),
    size: `${width}x${height}`,
    n: count,
    extra: { seed, ...(negativePrompt !== undefined && { negative_prompt: negativePrompt }), ...parameters },
  };
}

/** @param {string} text */
function shellQuote(text) {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * Strings of JSON are strings of Python; only three words differ.
 * @param {unknown} value
 * @returns {string}
 */
function pythonLiteral(value) {
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (value === null) return 'None';
  if (Array.isArray(value)) return `[${value.map(pythonLiteral).join(', ')}]`;
  if (typeof value === 'object') {
    return `{${Object.entries(/** @type {object} */ (value))
      .map(([name, member]) => `${JSON.stringify(name)}: ${pythonLiteral(member)}`)
      .join(', ')}}`;
  }
  return JSON.stringify(value);
}
