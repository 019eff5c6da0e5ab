// An image of a generation. Its space is reserved before it is loaded, and it fades in. It is loaded when it is near the viewport and the limiter
// permits it. When it cannot be loaded, for instance because its signed URL has expired, it is loaded again some times.

import { isExpired, renewImageUrls } from '../generations.js';
import { Icon } from '../icons.js';
import { imageLoads } from '../image-load-limiter.js';
import { backoff, delay } from '../timing.js';
import { html, useEffect, useLayoutEffect, useRef, useState } from '../vendor.js';

const MAX_LOADS = 5;

/** Distance from the viewport at which an image is loaded. */
const LOAD_MARGIN = '600px';

/**
 * @param {{generationId: string, image: import('../client.js').Image, alt: string, develop?: boolean, eager?: boolean}} props
 *   `develop` shows the image like a print that develops, when it has just been made; `eager` loads it at once
 */
export function Picture({ generationId, image, alt, develop = false, eager = false }) {
  const element = useRef(/** @type {HTMLImageElement | null} */ (null));
  const newest = useRef(image.url);
  newest.current = image.url;
  // A URL that works is kept when the signature changes: the browser would load the same image again.
  const [load, setLoad] = useState({ number: 1, url: image.url });
  const [state, setState] = useState(/** @type {'loading' | 'loaded' | 'failed'} */ ('loading'));
  const abort = useRef(/** @type {AbortController | undefined} */ (undefined));
  const [permitted, setPermitted] = useState(eager);
  useEffect(() => () => abort.current?.abort(), []);
  useEffect(() => (permitted || !element.current ? undefined : whenNear(element.current, () => setPermitted(true))), [permitted]);
  useLayoutEffect(() => {
    if (element.current?.complete && element.current.naturalWidth > 0) {
      setState('loaded');
    }
  }, [load]);

  const loadAgain = async () => {
    if (load.number >= MAX_LOADS) {
      setState('failed');
      return;
    }
    abort.current = new AbortController();
    try {
      if (isExpired(load.url)) {
        await renewImageUrls(generationId);
      } else {
        await delay(300 + backoff(load.number, 500, 8_000), abort.current.signal);
      }
    } catch {
      if (!abort.current.signal.aborted) {
        setState('failed');
      }
      return;
    }
    // The renewal renders this component with the new URL first.
    setTimeout(() => setLoad({ number: load.number + 1, url: newest.current }));
  };

  if (state === 'failed') {
    return html`<span class="picture-failed"
      ><${Icon} name="image" /><span>Image unavailable</span
      ><button
        type="button"
        class="button"
        onClick=${(/** @type {Event} */ event) => {
          event.preventDefault();
          setState('loading');
          setLoad({ number: 1, url: newest.current });
        }}
      >
        Load again
      </button></span
    >`;
  }
  return html`<img
    key=${load.number}
    ref=${element}
    class=${`picture ${state === 'loaded' ? 'loaded' : ''} ${develop ? 'develop' : ''}`}
    src=${permitted ? load.url : undefined}
    width=${image.width}
    height=${image.height}
    alt=${alt}
    decoding="async"
    onLoad=${() => setState('loaded')}
    onError=${loadAgain}
  />`;
}

/**
 * Calls `load` once the element is near the viewport and the limiter permits it. An element that leaves it gives up its place.
 * @param {Element} element
 * @param {() => void} load
 * @returns {() => void} stops waiting
 */
function whenNear(element, load) {
  /** @type {(() => void) | undefined} */
  let cancel;
  const observer = new IntersectionObserver(
    ([entry]) => {
      cancel?.();
      cancel = entry?.isIntersecting
        ? imageLoads.enqueue(() => {
            observer.disconnect();
            load();
          })
        : undefined;
    },
    { rootMargin: LOAD_MARGIN },
  );
  observer.observe(element);
  return () => {
    observer.disconnect();
    cancel?.();
  };
}
