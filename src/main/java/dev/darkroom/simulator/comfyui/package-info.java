/** The protocol of ComfyUI: jobs in memory, one at a time. Answers follow recordings of ComfyUI 0.33.0. */
package dev.darkroom.simulator.comfyui;
