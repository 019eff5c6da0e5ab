/** Jobs of the native API of sd-server, the HTTP server of stable-diffusion.cpp. */
package dev.darkroom.backend.sdserver;
