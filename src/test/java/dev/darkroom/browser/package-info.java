/** Tests of the pages in Chromium. They run with the profile "browser" only. */
package dev.darkroom.browser;
