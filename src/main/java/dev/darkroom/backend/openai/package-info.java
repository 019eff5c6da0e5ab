/** The OpenAI Images protocol: one POST that returns images as base64 or as URLs. */
package dev.darkroom.backend.openai;
