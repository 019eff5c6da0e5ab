// Places images of different shapes in rows of the full width.

/** @typedef {{ids: string[], height: number, filled: boolean}} Row `filled` is false for a last row that is left-aligned */

/**
 * @param {{id: string, ratio: number}[]} items width through height
 * @param {number} width of a row in pixels
 * @param {number} target the wanted height of a row in pixels
 * @param {number} gap between images in pixels
 * @returns {Row[]}
 */
export function justify(items, width, target, gap) {
  /** @type {Row[]} */
  const rows = [];
  /** @type {string[]} */
  let ids = [];
  let ratios = 0;
  for (const { id, ratio } of items) {
    const narrow = ratios && (width - gap * (ids.length - 1)) / ratios;
    const wide = (width - gap * ids.length) / (ratios + ratio);
    // The row ends before this image when that comes nearer to the wanted height.
    if (ids.length && wide < target && target - wide > narrow - target) {
      rows.push({ ids, height: narrow, filled: true });
      ids = [];
      ratios = 0;
    }
    ids.push(id);
    ratios += ratio;
  }
  if (ids.length) {
    const height = (width - gap * (ids.length - 1)) / ratios;
    const filled = height <= target * 1.15;
    rows.push({ ids, height: filled ? height : target, filled });
  }
  return rows;
}
