// Plain words for the failure of an attempt and for the end of a generation.

/** @type {Record<string, string>} Texts by code. */
const BY_CODE = {
  CONNECTION_REFUSED: 'AI server refused the connection',
  CONNECT_TIMEOUT: 'AI server did not accept the connection',
  UNKNOWN_HOST: 'Address of the AI server is unknown',
  TLS_FAILED: 'Encrypted connection failed',
  RATE_LIMITED: 'AI server limits the rate',
  UNAVAILABLE: 'AI server is busy',
  TIMED_OUT: 'No response in time',
  CONNECTION_LOST: 'Connection broke',
  GATEWAY_TIMEOUT: 'A gateway timed out',
  INVALID_HTTP: 'Response is not HTTP',
  NODE_LOST: 'Darkroom process died',
  INTERRUPTED: 'Darkroom was stopped',
  CANCELLED: 'Cancelled',
  EMPTY_RESPONSE: 'Response without an image',
  TOO_FEW_IMAGES: 'Too few images',
  MALFORMED_RESPONSE: 'Response is unreadable',
  INVALID_IMAGE: 'Image is damaged',
  RESPONSE_TOO_LARGE: 'Response is too large',
  QUOTA_EXHAUSTED: 'Quota of the AI server is exhausted',
};

/** @type {Record<string, string>} Texts by class. */
const BY_CLASS = {
  NOT_SENT: 'AI server cannot be reached',
  REJECTED_RETRYABLE: 'AI server rejected the request for now',
  SERVER_ERROR: 'AI server failed',
  AMBIGUOUS: 'No usable response',
  RESULT_LOST: 'AI server lost the result',
  TERMINAL_INPUT: 'AI server rejected the request',
  TERMINAL_AUTH: 'AI server rejected the credentials',
  MODERATED: 'Rejected by the content policy',
  INVALID_RESULT: 'Response without valid images',
  RESULT_DOWNLOAD: 'Image could not be downloaded',
  RESULT_STORE: 'Image could not be stored',
  INTERNAL: 'Darkroom failed',
};

/** @type {Record<string, string>} Why a generation ended without images, by code. */
const ENDS = {
  ATTEMPTS_EXHAUSTED: 'All attempts failed',
  DEADLINE_EXCEEDED: 'The time was up',
  ATTEMPTS_LOST: 'Its process died too often',
  CANCELLED: 'Cancelled',
  BUDGET_EXCEEDED: 'The budget is exhausted',
};

/**
 * Says in a few words why an attempt failed.
 * @param {{errorClass?: string, code?: string}} error
 */
export function failureWords({ errorClass = '', code = '' }) {
  return BY_CODE[code] ?? BY_CLASS[errorClass] ?? 'Failed';
}

/**
 * Says in a few words why a generation ended without images.
 * @param {{errorClass?: string, code?: string}} error
 */
export function endWords(error) {
  return ENDS[error.code ?? ''] ?? failureWords(error);
}
