import { z } from 'zod';

/** In euros, the only currency here. */
const valueSchema = z.string().regex(/^\d{1,12}\.\d{2}$/, 'is not an amount with two decimals');

/** `{"value":"12.50","currency":"EUR"}`, read as whole cents: more than none. */
export const amountSchema = z
  .object({ value: valueSchema, currency: z.literal('EUR', 'is not EUR') })
  .transform(({ value }) => centsOf(value))
  .refine((cents) => cents > 0, 'is not more than 0.00');

/** `12.50`; may be `0.00`. */
export const balanceSchema = valueSchema;

export const centsOf = (value: string): number => Number(value.replace('.', ''));

/** `-12.50` */
export function eurosOf(cents: number): string {
  const digits = String(Math.abs(cents)).padStart(3, '0');
  return `${cents < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

export const showAmount = (cents: number): object => ({ value: eurosOf(cents), currency: 'EUR' });
