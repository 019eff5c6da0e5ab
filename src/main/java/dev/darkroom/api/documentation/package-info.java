/** Serves the documentation pages: API reference, events and guide. */
package dev.darkroom.api.documentation;
