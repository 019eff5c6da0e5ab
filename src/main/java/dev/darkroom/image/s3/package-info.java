/** The image store in a bucket of an S3-compatible object store. */
package dev.darkroom.image.s3;
