// Limits how fast images are requested. Fast scrolling passes many images, and the service rejects more requests than its rate limits allow:
// without a credential, as for images, 50 per second and 100 at once by default.

/**
 * A token bucket. The newest waiting caller is first, because its image is most likely still on the screen.
 * @param {{burst: number, perSecond: number, now?: () => number}} options
 */
export function createLoadLimiter({ burst, perSecond, now = () => performance.now() }) {
  let tokens = burst;
  let refilledAt = now();
  /** @type {(() => void)[]} */
  const waiting = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  const release = () => {
    timer = undefined;
    tokens = Math.min(burst, tokens + ((now() - refilledAt) / 1000) * perSecond);
    refilledAt = now();
    while (tokens >= 1 && waiting.length > 0) {
      tokens -= 1;
      waiting.pop()?.();
    }
    if (waiting.length > 0) {
      timer = setTimeout(release, 1000 / perSecond);
    }
  };

  return {
    /**
     * Calls `load` once a request is permitted, at the earliest after the current task.
     * @param {() => void} load
     * @returns {() => void} gives up the place in the queue; does nothing after the call
     */
    enqueue(load) {
      waiting.push(load);
      timer ??= setTimeout(release);
      return () => {
        const index = waiting.indexOf(load);
        if (index >= 0) {
          waiting.splice(index, 1);
        }
      };
    },
  };
}

/** The limiter of this tab. Leaves half of the default rate to other tabs and clients at this address. */
export const imageLoads = createLoadLimiter({ burst: 50, perSecond: 25 });
