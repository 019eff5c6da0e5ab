// Texts for numbers, times and durations, in American English like all texts of the studio. Pure functions.

const DATE_TIME = new Intl.DateTimeFormat('en-US', { dateStyle: 'medium', timeStyle: 'medium' });
const NUMBER = new Intl.NumberFormat('en-US');

/**
 * A duration such as `0.4 s`, `12.3 s`, `4 min 5 s` or `2 h 3 min`.
 * @param {number} millis
 */
export function formatDuration(millis) {
  const tenths = Math.max(0, Math.round(millis / 100));
  if (tenths < 600) {
    return `${(tenths / 10).toFixed(1)}\u00a0s`;
  }
  const seconds = Math.round(millis / 1_000);
  if (seconds < 3_600) {
    return `${Math.floor(seconds / 60)}\u00a0min ${seconds % 60}\u00a0s`;
  }
  return `${Math.floor(seconds / 3_600)}\u00a0h ${Math.floor((seconds % 3_600) / 60)}\u00a0min`;
}

/**
 * The whole seconds or minutes until a time, for a countdown: `3 s`, `2 min`.
 * @param {number} millis
 */
export function formatCountdown(millis) {
  const seconds = Math.max(0, Math.ceil(millis / 1_000));
  return seconds < 120 ? `${seconds}\u00a0s` : `${Math.round(seconds / 60)}\u00a0min`;
}

/** @param {string} timestamp of the API */
export function formatDateTime(timestamp) {
  return DATE_TIME.format(new Date(timestamp));
}

/**
 * How long ago a time was: `just now`, `5 min ago`, `3 h ago`, otherwise the date.
 * @param {string} timestamp of the API
 * @param {number} now milliseconds since the epoch
 */
export function formatAge(timestamp, now) {
  const seconds = Math.round((now - Date.parse(timestamp)) / 1_000);
  if (seconds < 45) {
    return 'just now';
  }
  if (seconds < 3_600) {
    return `${Math.max(1, Math.round(seconds / 60))} min ago`;
  }
  if (seconds < 86_400) {
    return `${Math.round(seconds / 3_600)} h ago`;
  }
  return new Date(timestamp).toLocaleDateString('en-US', { dateStyle: 'medium' });
}

/** @param {number} bytes */
export function formatBytes(bytes) {
  if (bytes < 1_000) {
    return `${bytes} B`;
  }
  return bytes < 1_000_000 ? `${Math.round(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/**
 * A cost in units of the operator's currency, with the digits that matter.
 * @param {number} micros millionths of a unit
 */
export function formatCost(micros) {
  return new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 6 }).format(micros / 1_000_000);
}

/** @param {number} value */
export function formatNumber(value) {
  return NUMBER.format(value);
}

/**
 * `1 image`, `2 images`.
 * @param {number} count
 * @param {string} one the noun after 1
 * @param {string} [many] after other numbers
 */
export function plural(count, one, many = `${one}s`) {
  return `${formatNumber(count)} ${count === 1 ? one : many}`;
}

/**
 * `1st`, `2nd`, `11th`.
 * @param {number} position
 */
export function ordinal(position) {
  const rule = new Intl.PluralRules('en-US', { type: 'ordinal' }).select(position);
  return `${formatNumber(position)}${{ one: 'st', two: 'nd', few: 'rd' }[/** @type {'one' | 'two' | 'few'} */ (rule)] ?? 'th'}`;
}

/**
 * The number of characters as the API counts them: code points.
 * @param {string} text
 */
export function codePoints(text) {
  return Array.from(text).length;
}
