/** Values that are cached and refreshed in the background. Depends on no other package. */
package dev.darkroom.cache;
