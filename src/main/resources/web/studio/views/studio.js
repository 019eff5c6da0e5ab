// The first page: the form at the side, the stage and the gallery beside it.

import { html } from '../vendor.js';
import { CreateForm } from './create.js';
import { Gallery } from './gallery.js';
import { Stage } from './stage.js';

export function StudioView() {
  return html`<div class="studio">
    <section class="studio-side" aria-labelledby="create-title"><${CreateForm} /></section>
    <div class="studio-content"><${Stage} /><${Gallery} /></div>
  </div>`;
}
