/** Registration, heartbeat, readiness and draining of this process; periodic tasks. */
package dev.darkroom.node;
