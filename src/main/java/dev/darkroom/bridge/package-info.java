/**
 * The opt-in ways for other programs to listen to this process's events without being in a cluster: SockJS on the API's port, and
 * TCP on one of its own. They only listen: nothing in here sends to the bus, so no command can come this way. No SQL.
 */
package dev.darkroom.bridge;
