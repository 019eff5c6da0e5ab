/** Authentication, rate limits, security headers, CORS, host checks and TLS certificate reload. */
package dev.darkroom.api.security;
