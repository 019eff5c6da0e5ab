// An image of a generation. Its space is reserved before it is loaded, it fades in, and its signed URL is renewed once when it has expired.

import { renewImageUrls } from '../generations.js';
import { Icon } from '../icons.js';
import { html, useLayoutEffect, useRef, useState } from '../vendor.js';

/**
 * @param {{generationId: string, image: import('../client.js').Image, alt: string, develop?: boolean, eager?: boolean}} props
 *   `develop` shows the image like a print that develops, when it has just been made; `eager` loads it before it is near the viewport
 */
export function Picture({ generationId, image, alt, develop = false, eager = false }) {
  const element = useRef(/** @type {HTMLImageElement | null} */ (null));
  const [state, setState] = useState(/** @type {'loading' | 'loaded' | 'renewing' | 'failed'} */ ('loading'));
  // The URL of an image that is shown does not change when its signature does: the browser would load it again.
  const url = useRef(image.url);
  const renewed = useRef(false);
  if (state === 'renewing' && url.current !== image.url) {
    url.current = image.url;
  }
  useLayoutEffect(() => {
    if (element.current?.complete && element.current.naturalWidth > 0) {
      setState('loaded');
    }
  }, []);
  const renew = async () => {
    if (renewed.current) {
      setState('failed');
      return;
    }
    renewed.current = true;
    setState('renewing');
    try {
      await renewImageUrls(generationId);
    } catch {
      setState('failed');
    }
  };
  if (state === 'failed') {
    return html`<span class="picture-failed"
      ><${Icon} name="image" /><span>Image unavailable</span
      ><button
        type="button"
        class="button"
        onClick=${(/** @type {Event} */ event) => {
          event.preventDefault();
          renewed.current = false;
          renew();
        }}
      >
        Load again
      </button></span
    >`;
  }
  return html`<img
    ref=${element}
    class=${`picture ${state === 'loaded' ? 'loaded' : ''} ${develop ? 'develop' : ''}`}
    src=${url.current}
    width=${image.width}
    height=${image.height}
    alt=${alt}
    loading=${eager ? 'eager' : 'lazy'}
    decoding="async"
    onLoad=${() => setState('loaded')}
    onError=${renew}
  />`;
}
