/** The OpenAI Images protocol of the simulator. */
package dev.darkroom.simulator.openai;
