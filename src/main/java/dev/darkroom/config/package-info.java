/** Typed, validated settings from {@code conf/} and the environment. Depends on no other package. */
package dev.darkroom.config;
