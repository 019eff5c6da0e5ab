/** Tasks of Black Forest Labs: submitted to the endpoint of a model, and polled at the URL of the response. */
package dev.darkroom.backend.bfl;
