import { jest } from '@jest/globals';

/** What is written to stdout while something is done. */
export async function capture(act: () => Promise<unknown>): Promise<string> {
  let text = '';
  const spy = jest.spyOn(process.stdout, 'write').mockImplementation((part: unknown) => {
    text += String(part);
    return true;
  });
  try {
    await act();
    return text;
  } finally {
    spy.mockRestore();
  }
}
