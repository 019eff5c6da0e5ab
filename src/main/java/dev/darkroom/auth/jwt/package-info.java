/** Validation of JSON Web Tokens (RFC 7519) with keys from a JWKS or a file. */
package dev.darkroom.auth.jwt;
