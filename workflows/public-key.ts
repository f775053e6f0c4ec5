/** What stands inside a PEM: base64 of the key. Its frame and line ends would stand in the history of every call to the bank. */
export const withoutFrame = (pem: string) => pem.replace(/-----[^-]+-----|\s/g, '');
