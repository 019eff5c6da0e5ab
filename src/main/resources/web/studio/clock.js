// The time, as signals that tick only while a component uses them. Times of the API are those of the server, whose clock can differ from that of
// this machine: `serverNow` regards the difference.

import { signal, useEffect } from './vendor.js';

const TICK_MS = 250;

/** Smaller differences are within the resolution of the `Date` header and the duration of a request. */
const IGNORED_OFFSET_MS = 2_000;

const tick = signal(0);
let users = 0;
/** @type {ReturnType<typeof setInterval> | undefined} */
let timer;
let offset = 0;

/**
 * Learns the difference of the clocks from a response.
 * @param {Response} response
 */
export function observeServerTime(response) {
  const date = Date.parse(response.headers.get('Date') ?? '');
  if (!Number.isNaN(date)) {
    const difference = date + 500 - Date.now();
    offset = Math.abs(difference) < IGNORED_OFFSET_MS ? 0 : difference;
  }
}

/** The time of the server in milliseconds since the epoch. */
export function serverNow() {
  return Date.now() + offset;
}

/**
 * Renders the component again four times per second and returns the time of the server.
 * @param {boolean} [active] false stops the ticks
 */
export function useServerNow(active = true) {
  useEffect(() => {
    if (!active) {
      return undefined;
    }
    if (users++ === 0) {
      timer = setInterval(() => {
        tick.value += 1;
      }, TICK_MS);
    }
    return () => {
      if (--users === 0) {
        clearInterval(timer);
      }
    };
  }, [active]);
  if (active) {
    // Subscribes the component.
    void tick.value;
  }
  return serverNow();
}
