/** The operation that receives results of AI servers with the callback protocol. */
package dev.darkroom.api.callback;
