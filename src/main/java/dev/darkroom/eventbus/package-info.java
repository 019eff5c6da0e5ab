/** Commands over the event bus: protocol, dispatch, replies and field errors. */
package dev.darkroom.eventbus;
