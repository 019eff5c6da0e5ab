/** API keys of an AI server: their choice for calls, their cooldowns after rejections, and their files. */
package dev.darkroom.backend.key;
