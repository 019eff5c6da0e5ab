/** PostgreSQL: pools, migrations, LISTEN/NOTIFY and error classification. Refers to no table. */
package dev.darkroom.database;
