/** Operations of the OpenAI API: images and models, with its errors. */
package dev.darkroom.api.openai;
