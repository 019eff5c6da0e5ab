/** Values that are loaded from elsewhere and kept in memory for a while. Depends on no other package. */
package dev.darkroom.refresh;
