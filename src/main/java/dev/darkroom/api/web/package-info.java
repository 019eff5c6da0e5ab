/** The pages for browsers: static files of the studio, their security headers, and the control paths of the bundled simulator. */
package dev.darkroom.api.web;
