/** Registration, heartbeat, readiness and draining of this process. */
package dev.darkroom.node;
