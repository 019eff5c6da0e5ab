/**
 * The HTTP edge: contract loading, one handler class per operationId, problem details. Talks to the features by message;
 * no SQL and no AI server in here.
 */
package dev.darkroom.api;
