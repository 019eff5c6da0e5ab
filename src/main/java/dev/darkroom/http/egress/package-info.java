/** Egress policy against server-side request forgery: URLs, addresses and host resolution. */
package dev.darkroom.http.egress;
