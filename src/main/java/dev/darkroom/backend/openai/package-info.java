/** The OpenAI Images protocol: one POST that answers with pictures, in base64 or by URL. Knows no other protocol. */
package dev.darkroom.backend.openai;
