/** Parses the Markdown files of the jar and renders their content as HTML: links, anchors, images, tables. */
package dev.darkroom.documentation.markdown;
