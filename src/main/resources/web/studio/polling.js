import { checkNow, connection, whenReachable } from './connection.js';
import { useEffect, useRef } from './vendor.js';

/**
 * Calls `load` while the component is shown and the tab is visible: at once, and again `intervalMs()` after each call has ended. Calls do not
 * overlap. While the service cannot be reached, they wait until it can. `load` handles its own errors.
 *
 * @param {() => Promise<unknown>} load
 * @param {() => number} intervalMs the delay until the next call in milliseconds
 * @returns {() => void} calls `load` now, instead of at the end of the current delay
 */
export function usePolling(load, intervalMs) {
  const latest = useRef({ load, intervalMs });
  latest.current = { load, intervalMs };
  const poller = useRef(/** @type {{now: () => void} | null} */ (null));
  useEffect(() => {
    let timer = /** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined);
    let running = false;
    let again = false;
    let stopped = false;
    const now = () => {
      clearTimeout(timer);
      if (connection.peek() !== 'online') {
        checkNow();
      }
      if (running) {
        again = true;
        return;
      }
      run();
    };
    const run = async () => {
      running = true;
      again = false;
      await latest.current.load();
      again ||= connection.peek() !== 'online';
      await whenReachable();
      running = false;
      if (stopped || document.hidden) {
        return;
      }
      timer = setTimeout(run, again ? 0 : latest.current.intervalMs());
    };
    const onVisibility = () => (document.hidden ? clearTimeout(timer) : now());
    document.addEventListener('visibilitychange', onVisibility);
    poller.current = { now };
    if (!document.hidden) {
      run();
    }
    return () => {
      stopped = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', onVisibility);
    };
  }, []);
  return useRef(() => poller.current?.now()).current;
}
