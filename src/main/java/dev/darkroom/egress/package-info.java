/**
 * Calls to servers that a caller named: where such a call may go, and how one is made that goes nowhere else. Has never heard of what
 * is sent.
 */
package dev.darkroom.egress;
