/** Operations of admins: backends, nodes and the queue. */
package dev.darkroom.api.fleet;
