/** The documentation pages: guide, events, API reference, their navigation, their frame and the search index. */
package dev.darkroom.documentation;
