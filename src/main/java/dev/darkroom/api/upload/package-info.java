/** The operations on uploads. */
package dev.darkroom.api.upload;
