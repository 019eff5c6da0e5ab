import { html } from './vendor.js';

/** The content of each icon, drawn on a square of 24 units with the stroke of the text color. */
const ICONS = {
  alert: html`<path d="M12 4 3 19.500h18z" /><path d="M12 10v4.5" /><path d="M12 17.200v.1" />`,
  arrowLeft: html`<path d="M19 12H5" /><path d="m11 6-6 6 6 6" />`,
  arrowRight: html`<path d="M5 12h14" /><path d="m13 6 6 6-6 6" />`,
  bell: html`<path d="M6 16.500V11a6 6 0 0 1 12 0v5.500l1.5 1.500h-15z" /><path d="M10 20.500h4" />`,
  bolt: html`<path d="M13 3 5.5 13.500H12L11 21l7.5-10.500H12z" />`,
  check: html`<path d="m5 12.5 4.5 4.500L19 7.5" />`,
  clock: html`<circle cx="12" cy="12" r="8.5" /><path d="M12 7v5l3.5 2" />`,
  copy: html`<rect x="8.5" y="8.5" width="11.5" height="11.5" rx="2" /><path d="M15.5 5.500V6a2 2 0 0 0-2-2H6a2 2 0 0 0-2 2v7.500a2 2 0 0 0 2 2h.5" />`,
  cross: html`<path d="m6 6 12 12" /><path d="M18 6 6 18" />`,
  download: html`<path d="M12 4v11" /><path d="m7.5 11 4.5 4.5 4.5-4.5" /><path d="M5 20h14" />`,
  expand: html`<path d="M14 4h6v6" /><path d="M10 20H4v-6" /><path d="m20 4-6.5 6.5" /><path d="m4 20 6.5-6.5" />`,
  gauge: html`<path d="M4.5 17.500a8.5 8.5 0 1 1 15 0" /><path d="m12 14 3.5-4.5" />`,
  grid: html`<rect x="4" y="4" width="7" height="7" rx="1.5" /><rect x="13.5" y="4" width="6.5" height="7" rx="1.5" /><rect x="4" y="13.5" width="7" height="6.5" rx="1.5" /><rect x="13.5" y="13.5" width="6.5" height="6.5" rx="1.5" />`,
  image: html`<rect x="3.5" y="4.5" width="17" height="15" rx="2" /><circle cx="15.5" cy="9.5" r="1.7" /><path d="m4 17 5-5.5 4 4.5 2.5-2.5 4.5 4.5" />`,
  images: html`<rect x="6.5" y="3.5" width="14" height="12.5" rx="2" /><path d="M17 19.500H5.500a2 2 0 0 1-2-2V8" /><path d="m7 14 3.5-4 3 3.500L15.5 11l4.5 4.5" />`,
  link: html`<path d="M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.300l-1 1" /><path d="M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.700l1-1" />`,
  monitor: html`<rect x="3.5" y="4.5" width="17" height="11.5" rx="2" /><path d="M8.5 20h7" /><path d="M12 16v4" />`,
  moon: html`<path d="M19.5 14A8 8 0 0 1 10 4.500a8 8 0 1 0 9.5 9.500z" />`,
  pause: html`<path d="M9 6v12" /><path d="M15 6v12" />`,
  pencil: html`<path d="m14.5 6.5 3 3" /><path d="M5 19l1-4L16.5 4.500l3 3L9 18z" />`,
  retry: html`<path d="M19.5 8.500A8 8 0 1 0 20 13" /><path d="M20 4v4.500h-4.5" />`,
  server: html`<rect x="4" y="4" width="16" height="6.5" rx="1.5" /><rect x="4" y="13.5" width="16" height="6.5" rx="1.5" /><path d="M7.5 7.250v.1" /><path d="M7.5 16.750v.1" />`,
  shuffle: html`<path d="M4 7h3.500l8 10H20" /><path d="m17.5 14.5 2.5 2.5-2.5 2.5" /><path d="M4 17h3.500l2-2.5" /><path d="m13 9.5 2.5-2.500H20" /><path d="M17.5 4.5 20 7l-2.5 2.5" />`,
  sun: html`<circle cx="12" cy="12" r="4" /><path d="M12 3v1.500M12 19.500V21M3 12h1.500M19.5 12H21M5.6 5.600l1.1 1.100M17.3 17.300l1.1 1.100M18.4 5.600l-1.1 1.100M6.7 17.300l-1.1 1.1" />`,
  trash: html`<path d="M4.5 6.500h15" /><path d="M9.5 6.500V4h5v2.5" /><path d="m6.5 6.5 1 13.500h9l1-13.5" /><path d="M10.2 10.500v5.500M13.8 10.500v5.5" />`,
  user: html`<circle cx="12" cy="8" r="4" /><path d="M4.5 20a7.5 7.5 0 0 1 15 0" />`,
};

/** @typedef {keyof typeof ICONS} IconName */

/**
 * An icon beside a text, or in a button with an accessible name. Screen readers skip it.
 *
 * @param {{name: IconName, kind?: string}} props `kind` is a further class
 */
export function Icon({ name, kind = '' }) {
  return html`<svg class=${`icon ${kind}`} viewBox="0 0 24 24" aria-hidden="true">${ICONS[name]}</svg>`;
}
