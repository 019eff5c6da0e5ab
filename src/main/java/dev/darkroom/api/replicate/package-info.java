/** Operations of the Replicate API: predictions, with its errors. */
package dev.darkroom.api.replicate;
