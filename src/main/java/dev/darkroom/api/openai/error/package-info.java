/** Errors of the OpenAI API. */
package dev.darkroom.api.openai.error;
