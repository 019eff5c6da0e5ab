package dev.darkroom.documentation.markdown;

import org.commonmark.node.CustomBlock;

/** A box that scrolls its wide content, such as a table, on a narrow screen. */
final class ScrollBox extends CustomBlock {}
