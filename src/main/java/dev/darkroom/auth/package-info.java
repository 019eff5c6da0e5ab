/** API keys, principals, rate limiters, stream tickets and signed image URLs. Depends on no HTTP server. */
package dev.darkroom.auth;
