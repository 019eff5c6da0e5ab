// Waits and backoff. A wait ends early when its signal is aborted, and then throws the reason of the signal.

/**
 * Waits.
 * @param {number} ms
 * @param {AbortSignal} [signal]
 * @returns {Promise<void>}
 */
export function delay(ms, signal) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', abort, { once: true });
  });
}

/**
 * The delay before a repetition: exponential, and random between its half and its whole.
 * @param {number} attempt 0 for the first repetition
 * @param {number} firstMs
 * @param {number} maxMs
 */
export function backoff(attempt, firstMs, maxMs) {
  const ms = Math.min(firstMs * 2 ** attempt, maxMs);
  return ms / 2 + (Math.random() * ms) / 2;
}
