/** Rows of the report: what, its aim, what was measured. */
export const row = (what, aim, measured, unit = '') => ({ what, aim, measured, unit });

/** More is better. */
export const atLeast = (what, aim, measured, unit = '') => ({ ...row(what, aim, measured, unit), isLeast: true });
