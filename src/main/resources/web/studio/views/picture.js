// An image of a generation. Its space is reserved before it is loaded, and it fades in. When it cannot be loaded, for instance because its signed URL
// has expired or too many images were requested at once, it is loaded again some times.

import { isExpired, renewImageUrls } from '../generations.js';
import { Icon } from '../icons.js';
import { backoff, delay } from '../timing.js';
import { html, useEffect, useLayoutEffect, useRef, useState } from '../vendor.js';

const MAX_LOADS = 5;

/**
 * @param {{generationId: string, image: import('../client.js').Image, alt: string, develop?: boolean, eager?: boolean}} props
 *   `develop` shows the image like a print that develops, when it has just been made; `eager` loads it before it is near the viewport
 */
export function Picture({ generationId, image, alt, develop = false, eager = false }) {
  const element = useRef(/** @type {HTMLImageElement | null} */ (null));
  const newest = useRef(image.url);
  newest.current = image.url;
  // A URL that works is kept when the signature changes: the browser would load the same image again.
  const [load, setLoad] = useState({ number: 1, url: image.url });
  const [state, setState] = useState(/** @type {'loading' | 'loaded' | 'failed'} */ ('loading'));
  const abort = useRef(/** @type {AbortController | undefined} */ (undefined));
  useEffect(() => () => abort.current?.abort(), []);
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
    src=${load.url}
    width=${image.width}
    height=${image.height}
    alt=${alt}
    loading=${eager ? 'eager' : 'lazy'}
    decoding="async"
    onLoad=${() => setState('loaded')}
    onError=${loadAgain}
  />`;
}
