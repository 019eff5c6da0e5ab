/** API keys of an AI server: their choice for calls, their rests after rejections, and their files. */
package dev.darkroom.backend.key;
