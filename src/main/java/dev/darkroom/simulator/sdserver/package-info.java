/** The native API of sd-server, the HTTP server of stable-diffusion.cpp. */
package dev.darkroom.simulator.sdserver;
