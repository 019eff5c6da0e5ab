/** Images that clients upload as input of generations. */
package dev.darkroom.upload;
