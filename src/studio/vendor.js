// The libraries of the studio. build.mjs bundles this module to vendor.js; vendor.d.ts refers to it for the types.
export { createContext, Fragment, render } from 'preact';
export { useCallback, useContext, useEffect, useId, useLayoutEffect, useMemo, useReducer, useRef, useState } from 'preact/hooks';
export { html } from 'htm/preact';
export { batch, computed, effect, signal, untracked, useComputed, useSignal, useSignalEffect } from '@preact/signals';
