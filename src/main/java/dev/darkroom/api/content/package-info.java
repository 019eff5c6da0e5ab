/** Documents that do not change while the process runs, and entity tags. */
package dev.darkroom.api.content;
