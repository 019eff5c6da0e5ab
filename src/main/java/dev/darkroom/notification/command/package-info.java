/** Commands: inbox, acknowledgement and unread state. */
package dev.darkroom.notification.command;
