// Controls of the form.

import { changeDraft, draft, limits, models, randomSeed, sizePresets } from '../draft.js';
import { codePoints, formatNumber } from '../format.js';
import { Icon } from '../icons.js';
import { html, useLayoutEffect, useRef } from '../vendor.js';

/** @typedef {{errors: Map<string, string>}} FieldProps */

/** The characters below which the counter of a prompt is not shown. */
const COUNTER_SHARE = 0.8;

/** @param {{id: string, text?: string}} props */
function FieldError({ id, text }) {
  return text ? html`<p class="error" id=${id}>${text}</p>` : null;
}

/**
 * The attributes that connect a control with its error.
 * @param {string} field
 * @param {Map<string, string>} errors
 */
function errorAttributes(field, errors) {
  const invalid = errors.has(field);
  return { 'aria-invalid': invalid ? 'true' : undefined, 'aria-describedby': invalid ? `${field}-error` : undefined };
}

/** @param {FieldProps & {onSubmit: () => void}} props */
export function PromptField({ errors, onSubmit }) {
  const area = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const { prompt } = draft.value;
  const { maxPromptLength } = limits.value;
  const length = codePoints(prompt);
  useLayoutEffect(() => {
    const element = area.current;
    if (element) {
      element.style.height = 'auto';
      element.style.height = `${Math.min(element.scrollHeight + 2, 360)}px`;
    }
  }, [prompt]);
  return html`<div class="field">
    <label for="prompt" class="visually-hidden">Prompt</label>
    <textarea
      id="prompt"
      ref=${area}
      class="prompt-input"
      rows="4"
      autofocus
      required
      dir="auto"
      enterkeyhint="send"
      placeholder="Describe the image"
      value=${prompt}
      ...${errorAttributes('prompt', errors)}
      onInput=${(/** @type {any} */ event) => changeDraft({ prompt: event.target.value })}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !event.isComposing && !event.repeat) {
          event.preventDefault();
          onSubmit();
        }
      }}
    ></textarea>
    ${length > maxPromptLength * COUNTER_SHARE && html`<p class="hint">${formatNumber(length)} of ${formatNumber(maxPromptLength)} characters</p>`}
    <${FieldError} id="prompt-error" text=${errors.get('prompt')} />
  </div>`;
}

/** @param {FieldProps} props */
export function NegativePromptField({ errors }) {
  const { negativePrompt } = draft.value;
  return html`<div class="field">
    <label for="negativePrompt">Negative prompt</label>
    <input
      id="negativePrompt"
      placeholder="What to leave out: people, text"
      value=${negativePrompt}
      ...${errorAttributes('negativePrompt', errors)}
      onInput=${(/** @type {any} */ event) => changeDraft({ negativePrompt: event.target.value })}
    />
    <${FieldError} id="negativePrompt-error" text=${errors.get('negativePrompt')} />
  </div>`;
}

/** @param {FieldProps} props */
export function ModelField({ errors }) {
  return html`<div class="field">
    <label for="model">Model</label>
    <select
      id="model"
      value=${limits.value.name}
      ...${errorAttributes('model', errors)}
      onChange=${(/** @type {any} */ event) => changeDraft({ model: event.target.value })}
    >
      ${models.value.map(({ name }) => html`<option value=${name}>${name}</option>`)}
    </select>
    <${FieldError} id="model-error" text=${errors.get('model')} />
  </div>`;
}

/** @param {FieldProps} props */
export function SizeField({ errors }) {
  const { width, height, custom } = draft.value;
  const model = limits.value;
  const message = errors.get('width') ?? errors.get('height');
  return html`<fieldset class="field">
    <legend>Size</legend>
    <div class="size-presets">
      ${sizePresets(model).map(
        (preset) => html`<label class="size-preset" key=${`${preset.width}x${preset.height}`}>
          <input
            type="radio"
            name="size"
            checked=${!custom && width === String(preset.width) && height === String(preset.height)}
            onChange=${() => changeDraft({ width: String(preset.width), height: String(preset.height), custom: false })}
          />
          <${SizeShape} ...${preset} />
          <span>${preset.width} × ${preset.height}</span>
        </label>`,
      )}
      ${
        !model.sizes &&
        html`<label class="size-preset">
          <input type="radio" name="size" checked=${custom} onChange=${() => changeDraft({ custom: true })} />
          <span class="size-shape"><${Icon} name="expand" /></span>
          <span>Custom</span>
        </label>`
      }
    </div>
    ${
      custom &&
      html`<div class="field-row">
        <${SideInput} field="width" label="Width" errors=${errors} />
        <span aria-hidden="true">×</span>
        <${SideInput} field="height" label="Height" errors=${errors} />
      </div>`
    }
    ${message && html`<p class="error" id=${errors.has('width') ? 'width-error' : 'height-error'}>${errors.has('width') ? 'Width' : 'Height'}: ${message}</p>`}
  </fieldset>`;
}

/** @param {{field: 'width' | 'height', label: string, errors: Map<string, string>}} props */
function SideInput({ field, label, errors }) {
  const range = limits.value[field];
  return html`<input
    id=${field}
    aria-label=${`${label} in pixels`}
    inputmode="numeric"
    placeholder=${`${range.minimum}–${range.maximum}`}
    value=${draft.value[field]}
    ...${errorAttributes(field, errors)}
    onInput=${(/** @type {any} */ event) => changeDraft({ [field]: event.target.value })}
  />`;
}

/** The outline of a size. @param {{width: number, height: number}} props */
function SizeShape({ width, height }) {
  const scale = 22 / Math.max(width, height);
  return html`<span class="size-shape"
    ><svg viewBox="0 0 24 24" aria-hidden="true">
      <rect x=${12 - (width * scale) / 2} y=${12 - (height * scale) / 2} width=${width * scale} height=${height * scale} rx="2" /></svg
  ></span>`;
}

/** @param {FieldProps} props */
export function CountField({ errors }) {
  const { minimum, maximum } = limits.value.count;
  const count = Number(draft.value.count);
  /** @param {number} change */
  const step = (change) => changeDraft({ count: String(Math.min(maximum, Math.max(minimum, (count || minimum) + change))) });
  return html`<div class="field">
    <label for="count">Images</label>
    <div class="stepper">
      <button type="button" class="button" aria-label="Fewer images" disabled=${count <= minimum} onClick=${() => step(-1)}>−</button>
      <input
        id="count"
        inputmode="numeric"
        value=${draft.value.count}
        ...${errorAttributes('count', errors)}
        onInput=${(/** @type {any} */ event) => changeDraft({ count: event.target.value })}
      />
      <button type="button" class="button" aria-label="More images" disabled=${count >= maximum} onClick=${() => step(1)}>+</button>
    </div>
    <${FieldError} id="count-error" text=${errors.get('count')} />
  </div>`;
}

/** @param {FieldProps} props */
export function SeedField({ errors }) {
  const { seed } = draft.value;
  return html`<div class="field">
    <label for="seed">Seed</label>
    <div class="field-row">
      <input
        id="seed"
        inputmode="numeric"
        placeholder="Random"
        value=${seed}
        ...${errorAttributes('seed', errors)}
        onInput=${(/** @type {any} */ event) => changeDraft({ seed: event.target.value })}
      />
      <button type="button" class="button icon-only" aria-label="Choose a seed" title="Choose a seed" onClick=${() => changeDraft({ seed: randomSeed() })}>
        <${Icon} name="shuffle" />
      </button>
    </div>
    <${FieldError} id="seed-error" text=${errors.get('seed')} />
  </div>`;
}
