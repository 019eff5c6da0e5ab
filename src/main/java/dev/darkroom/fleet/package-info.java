/** Administration of the processes on one database and of their AI servers: states, drains and the queue. */
package dev.darkroom.fleet;
