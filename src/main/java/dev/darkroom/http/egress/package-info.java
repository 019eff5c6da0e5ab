/** Egress policy against server-side request forgery (SSRF): URLs, addresses and host resolution. */
package dev.darkroom.http.egress;
