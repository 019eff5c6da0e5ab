// The types of vendor.js. Not part of the jar.
export * from '../../../../studio/vendor.js';
