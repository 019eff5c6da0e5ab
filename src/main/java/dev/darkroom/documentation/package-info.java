/** Renders the documentation of the jar as HTML pages: Markdown files, the AsyncAPI document, navigation and the search index. */
package dev.darkroom.documentation;
