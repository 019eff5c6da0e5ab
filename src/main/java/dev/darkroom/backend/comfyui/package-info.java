/** Client of ComfyUI: workflow template, jobs, progress. Sources: docs.comfy.org and recordings of ComfyUI 0.33.0. */
package dev.darkroom.backend.comfyui;
