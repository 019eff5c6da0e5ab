// The generated client of the API. build.mjs bundles this module to client.js; client.d.ts refers to it for the types.
export { client } from './generated/client.gen';
export * from './generated/sdk.gen';
export type * from './generated/types.gen';
export type { StreamEvent as SentEvent } from './generated/core/serverSentEvents.gen';
