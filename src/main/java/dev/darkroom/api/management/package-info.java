/** Management port: health, metrics of nodes and backends, the OpenAPI document and the erasure of users. */
package dev.darkroom.api.management;
