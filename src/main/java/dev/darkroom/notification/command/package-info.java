/** Event-bus commands of notifications: list the inbox, acknowledge, mark as read. */
package dev.darkroom.notification.command;
