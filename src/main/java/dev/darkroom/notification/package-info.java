/** Notifications of users: records, cursors, partitions and their SQL. */
package dev.darkroom.notification;
