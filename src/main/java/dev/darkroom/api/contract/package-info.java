/** Contract-first routing: loads {@code openapi.yaml}, validates requests and dispatches operations to handlers. */
package dev.darkroom.api.contract;
