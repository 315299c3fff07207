/** The limits that the capabilities declare, and the defaults of a request that names none. */

/** A message or a REST body, in bytes. */
export const MESSAGE_BYTES_MAX = 4 * 1024 * 1024;

/**
 * What the libraries read before they give up by themselves. It is above our own limit, so that what is a little too
 * large still gets the error of the table; the libraries' own errors have no details.
 */
export const LIBRARY_BYTES_MAX = 16 * MESSAGE_BYTES_MAX;

/** The items of a frame, submits and cancels together. */
export const FRAME_ITEMS_MAX = 1024;

/** The unanswered requests of a session, and their bytes. */
export const SESSION_ITEMS_MAX = 1024;
export const SESSION_BYTES_MAX = 4 * MESSAGE_BYTES_MAX;

/** The requests that wait in a lane. */
export const LANE_ITEMS_MAX = 10_000;

/** The requests of a batch, where the backend does not say. */
export const BATCH_ITEMS_DEFAULT = 32;
export const BATCH_ITEMS_MAX = 1024;

/** No vector operation is served here, but the limit is part of every deployment's capabilities. */
export const TOP_K_MAX = 1000;

/** How long a call without a deadline waits, in seconds. */
export const TIMEOUT_S_DEFAULT = 30;

/** How long a result can be asked for, in seconds, and how many final requests are kept at most. */
export const RESULT_TTL_S = 600;
export const FINAL_ITEMS_MAX = 20_000;

/** The retry budgets where the request does not say. */
export const CRASHES_MAX_DEFAULT = 3;
export const ERRORS_MAX_DEFAULT = 0;

/** How many lists and objects of a JSON value may be inside each other. */
export const VALUE_DEPTH_MAX = 24;

/** How many levels a message may nest as protobuf counts them: parsers elsewhere give up at 100. */
export const DEPTH_MAX = 90;
