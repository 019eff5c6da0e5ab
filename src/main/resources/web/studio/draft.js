// The draft of the next generation: the content of the form, the limits of the chosen model, and the validation before sending.

import { call } from './api.js';
import { getModels } from './client.js';
import { codePoints, formatNumber } from './format.js';
import { onSessionEnd } from './session.js';
import { computed, signal } from './vendor.js';

/** @typedef {import('./client.js').Model} Model */
/** @typedef {import('./client.js').NumberRange} NumberRange */
/** @typedef {import('./client.js').GenerationRequest} GenerationRequest */
/** @typedef {'prompt' | 'negativePrompt' | 'model' | 'width' | 'height' | 'count' | 'seed'} Field */

/**
 * The content of the form, as texts of its controls. An empty `seed` is a random one. `custom` shows the fields of width and height.
 * @typedef {{prompt: string, negativePrompt: string, model: string, width: string, height: string, custom: boolean, count: string, seed: string}} Draft
 */

/** The limits of requests without a model. */
const CONTRACT_LIMITS = /** @type {Model} */ ({
  name: '',
  default: true,
  maxPromptLength: 32_000,
  width: { minimum: 64, maximum: 2048 },
  height: { minimum: 64, maximum: 2048 },
  count: { minimum: 1, maximum: 10 },
  seed: { minimum: 0, maximum: 2_147_483_647 },
  negativePrompt: true,
  inputImages: { minimum: 0, maximum: 0 },
  mask: { minimum: 0, maximum: 0 },
  imageFormats: [],
});

const PRESETS = [
  [512, 512],
  [768, 512],
  [512, 768],
  [1024, 576],
  [1024, 1024],
];

/** @type {Draft} */
const EMPTY = { prompt: '', negativePrompt: '', model: '', width: '512', height: '512', custom: false, count: '1', seed: '' };

/** The current draft. It lives as long as the page, so that it is kept while other views are open. */
export const draft = signal(EMPTY);

/** The models that requests may name; empty before they are read and when requests name none. */
export const models = signal(/** @type {Model[]} */ ([]));

/** The limits of the chosen model. */
export const limits = computed(
  () => models.value.find((model) => model.name === draft.value.model) ?? models.value.find((model) => model.default) ?? CONTRACT_LIMITS,
);

onSessionEnd(() => {
  draft.value = EMPTY;
  models.value = [];
});

/** Reads the models. @throws {import('./api.js').ProblemError | import('./api.js').ConnectionError} */
export async function loadModels() {
  models.value = (await call(getModels)).models;
  const { model } = draft.peek();
  if (model && !models.value.some(({ name }) => name === model)) {
    changeDraft({ model: '' });
  }
  fitSize();
}

/** @param {Partial<Draft>} change */
export function changeDraft(change) {
  draft.value = { ...draft.peek(), ...change };
  if (change.model !== undefined) {
    fitSize();
  }
}

/**
 * Fills the draft with the values of a generation.
 * @param {import('./client.js').Generation} generation
 * @param {boolean} keepSeed
 */
export function draftFrom(generation, keepSeed) {
  const width = String(generation.width);
  const height = String(generation.height);
  changeDraft({
    prompt: generation.prompt,
    negativePrompt: generation.negativePrompt ?? '',
    model: models.peek().some(({ name }) => name === generation.model) ? (generation.model ?? '') : '',
    width,
    height,
    custom: false,
    count: String(generation.count),
    seed: keepSeed ? String(generation.seed) : '',
  });
  changeDraft({ custom: !sizePresets(limits.peek()).some((preset) => preset.width === generation.width && preset.height === generation.height) });
}

/** Chooses the first preset if the chosen model does not accept the size. */
function fitSize() {
  const model = limits.peek();
  const { width, height, custom, count } = draft.peek();
  const presets = sizePresets(model);
  const first = presets[0];
  const fits = custom && !model.sizes ? true : presets.some((preset) => String(preset.width) === width && String(preset.height) === height);
  draft.value = {
    ...draft.peek(),
    ...(!fits && first && { width: String(first.width), height: String(first.height), custom: false }),
    ...(Number(count) > model.count.maximum && { count: String(model.count.maximum) }),
  };
}

/**
 * The sizes to choose from: those of the model, otherwise common ones within its limits.
 * @param {Model} model
 * @returns {{width: number, height: number}[]}
 */
export function sizePresets(model) {
  if (model.sizes) {
    return model.sizes.map((size) => size.split('x').map(Number)).map(([width = 0, height = 0]) => ({ width, height }));
  }
  return PRESETS.map(([width = 0, height = 0]) => ({ width, height })).filter(
    ({ width, height }) => accepts(model.width, width) && accepts(model.height, height),
  );
}

/**
 * @param {NumberRange} range
 * @param {number} value
 */
function accepts(range, value) {
  return Number.isInteger(value) && value >= range.minimum && value <= range.maximum && (!range.values || range.values.includes(value));
}

/** A random seed that the model accepts. */
export function randomSeed() {
  const { minimum, maximum } = limits.peek().seed ?? { minimum: 0, maximum: 0 };
  return String(Math.floor(minimum + Math.random() * (maximum - minimum + 1)));
}

/**
 * Checks the draft against the limits of the model. The service checks the same.
 * @returns {Map<Field, string>} the error of each field
 */
export function validateDraft() {
  const model = limits.peek();
  const { prompt, negativePrompt, width, height, count, seed } = draft.peek();
  /** @type {Map<Field, string>} */
  const errors = new Map();
  if (!prompt.trim()) {
    errors.set('prompt', 'Enter a prompt.');
  } else {
    checkLength(errors, 'prompt', prompt, model.maxPromptLength);
  }
  if (model.negativePrompt) {
    checkLength(errors, 'negativePrompt', negativePrompt, model.maxPromptLength);
  }
  checkNumber(errors, 'width', width, model.width);
  checkNumber(errors, 'height', height, model.height);
  checkNumber(errors, 'count', count, model.count);
  if (seed.trim() && model.seed) {
    checkNumber(errors, 'seed', seed, model.seed);
  }
  return errors;
}

/**
 * @param {Map<Field, string>} errors
 * @param {Field} field
 * @param {string} text
 * @param {number} maximum
 */
function checkLength(errors, field, text, maximum) {
  const length = codePoints(text);
  if (length > maximum) {
    errors.set(field, `At most ${formatNumber(maximum)} characters, not ${formatNumber(length)}.`);
  }
}

/**
 * @param {Map<Field, string>} errors
 * @param {Field} field
 * @param {string} text
 * @param {NumberRange} range
 */
function checkNumber(errors, field, text, range) {
  if (!accepts(range, text.trim() ? Number(text) : NaN)) {
    errors.set(field, range.values ? `One of ${range.values.join(', ')}.` : `A whole number from ${range.minimum} to ${range.maximum}.`);
  }
}

/** The body of the request. Values that the model does not accept are left out. @returns {GenerationRequest} */
export function draftRequest() {
  const model = limits.peek();
  const { prompt, negativePrompt, width, height, count, seed } = draft.peek();
  return {
    prompt,
    ...(model.negativePrompt && negativePrompt.trim() && { negativePrompt }),
    ...(model.name && { model: model.name }),
    width: Number(width),
    height: Number(height),
    count: Number(count),
    ...(model.seed && seed.trim() && { seed: Number(seed) }),
  };
}
