/** The router of an HTTP port and the interface of the modules that add routes to it. */
package dev.darkroom.api.route;
