package org.example.shop;

/**
 * An order of one image.
 *
 * @param status {@code NEW} until Darkroom has accepted the generation, then the status of the generation
 * @param generationId null while {@code NEW}, and when Darkroom rejected the request
 * @param error null unless {@code FAILED}
 */
record Order(String id, String prompt, String status, String generationId, String error) {}
