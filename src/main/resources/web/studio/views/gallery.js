// The list of all generations, newest first, in rows of images that keep their shape. Pages are loaded while the user scrolls; rows outside the
// viewport are skipped by the browser when it renders. While the gallery is shown, its first page is read again, so that generations of other tabs
// and clients appear too.

import { plural } from '../format.js';
import { list, loadMore, matches, refreshList, showList, showUnseen, stagedId } from '../gallery-list.js';
import { knownGeneration, pendingIds } from '../generations.js';
import { Icon } from '../icons.js';
import { justify } from '../justify.js';
import { onNotification } from '../notifications.js';
import { usePolling } from '../polling.js';
import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from '../vendor.js';
import { ExamplePrompts } from './create.js';
import { FilterBar } from './filter-bar.js';
import { Problem } from './problem.js';
import { Tile } from './tile.js';

const PENDING_POLL_MS = 1_500;
const IDLE_POLL_MS = 5_000;

const GAP = 8;
const LOAD_AHEAD = '1200px';

/** Shapes beyond these are cropped in the list. */
const NARROWEST = 0.5;
const WIDEST = 3;

export function Gallery() {
  const refresh = usePolling(refreshList, () => (pendingIds().length ? PENDING_POLL_MS : IDLE_POLL_MS));
  useEffect(() => onNotification(({ type }) => type === 'generation.ended' && refresh()), []);
  useEffect(() => {
    // A generation was created, and is pending.
    if (stagedId.value) {
      refresh();
    }
  }, [stagedId.value]);
  const { filter, ids, unseen, state, error, nextCursor } = list.value;
  const shown = ids.filter((id) => {
    const generation = knownGeneration(id)?.value;
    return generation && matches(generation, filter) && (id !== stagedId.value || filter.status);
  });
  const filtered = Object.keys(filter).length > 0;
  const firstLoad = state === 'loading' && ids.length === 0;
  const empty = shown.length === 0 && state === 'ready' && !nextCursor;
  if (empty && !filtered && stagedId.value) {
    return null;
  }
  return html`<section class="gallery" aria-labelledby="gallery-title" aria-busy=${firstLoad ? 'true' : undefined}>
    <div class="page-head">
      <h2 id="gallery-title">Gallery</h2>
      ${(!empty || filtered) && html`<${FilterBar} />`}
    </div>
    ${
      unseen.length > 0 &&
      html`<div class="unseen">
        <button
          type="button"
          class="button primary"
          onClick=${() => {
            showUnseen();
            scrollTo({ top: 0 });
          }}
        >
          Show ${plural(unseen.length, 'new generation')}
        </button>
      </div>`
    }
    ${firstLoad && html`<${LoadingRows} />`}
    <${Rows} ids=${shown} />
    ${empty && (filtered ? html`<${NothingFound} />` : html`<${EmptyGallery} />`)}
    ${state === 'failed' && html`<${Problem} error=${error} title="The gallery could not be loaded" onRetry=${loadMore} />`}
    ${state !== 'failed' && (nextCursor || (state === 'loading' && !firstLoad)) && html`<${LoadMore} />`}
  </section>`;
}

/** The width of the gallery when it was last shown, so that its rows are there at once and the scroll position can be restored. */
let lastWidth = 0;

/** @param {{ids: string[]}} props */
function Rows({ ids }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const [width, setWidth] = useState(lastWidth);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) {
      return undefined;
    }
    const measure = () => {
      lastWidth = element.clientWidth;
      setWidth(lastWidth);
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const key = ids.join();
  const rows = useMemo(() => {
    const target = width < 480 ? 150 : width < 1_000 ? 200 : 240;
    return width
      ? justify(
          ids.map((id) => ({ id, ratio: shape(id) })),
          width,
          target,
          GAP,
        )
      : [];
  }, [key, width]);
  return html`<ul class="rows" ref=${box}>
    ${rows.map(
      (row) => html`<li key=${row.ids[0]} class="row" style=${{ '--height': `${Math.floor(row.height)}px` }}>
        <ul class="row-tiles">
          ${row.ids.map(
            (
              id,
            ) => html`<li key=${id} class="row-tile" style=${row.filled ? { flex: `${shape(id)} 0 0px` } : { width: `${Math.floor(row.height * shape(id))}px` }}>
              <${Tile} id=${id} />
            </li>`,
          )}
        </ul>
      </li>`,
    )}
  </ul>`;
}

/** The shape of a tile, width through height. @param {string} id */
function shape(id) {
  const generation = knownGeneration(id)?.peek();
  const { width, height } = generation?.images?.[0] ?? generation ?? { width: 1, height: 1 };
  return Math.min(WIDEST, Math.max(NARROWEST, width / height));
}

/** Loads the next page when it comes near the viewport. */
function LoadMore() {
  const mark = useRef(/** @type {HTMLElement | null} */ (null));
  const { state } = list.value;
  useEffect(() => {
    const element = mark.current;
    if (!element || state !== 'ready') {
      return undefined;
    }
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) {
          loadMore();
        }
      },
      { rootMargin: LOAD_AHEAD },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [state]);
  return html`<div ref=${mark} class="load-more"><span class="text-muted">Loading more…</span></div>`;
}

function LoadingRows() {
  return html`<div class="loading-rows" aria-hidden="true">
    ${Array.from({ length: 12 }, (_, index) => html`<div key=${index} class="skeleton"></div>`)}
  </div>`;
}

function EmptyGallery() {
  return html`<div class="empty welcome">
    <${Icon} name="images" />
    <h3>Make your first image</h3>
    <p>Darkroom stores each request before it calls the AI server. Failed calls are retried until there is an image.</p>
    <${ExamplePrompts} />
  </div>`;
}

function NothingFound() {
  return html`<div class="empty">
    <${Icon} name="image" />
    <h3>No generation matches the filter</h3>
    <button type="button" class="button" onClick=${() => showList({})}>Show all</button>
  </div>`;
}
