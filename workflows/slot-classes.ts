/** How urgent a connection needs a session, the most urgent first: in this order the gate of an address grants its slots. */
export const SLOT_CLASSES = ['interactive', 'emergency', 'lapsed', 'first-hour', 'renewal', 'bulk'] as const;

export type SlotClass = (typeof SLOT_CLASSES)[number];
