/** Domain types of a generation, its attempts and its bus addresses. */
package dev.darkroom.generation;
