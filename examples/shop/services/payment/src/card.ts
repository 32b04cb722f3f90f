/** What can be told of a card without asking its bank. */
import type { Card } from "../../../shared/wire";

/** Why a card is not taken; undefined when it is. */
export function cardProblem({ number, month, year }: Card, today: Date): string | undefined {
  const digits = number.replace(/[\s-]/g, "");
  if (!/^\d{12,19}$/.test(digits) || !luhn(digits)) {
    return "the card number is not valid";
  }
  if (!/^[45]/.test(digits)) {
    return "only Visa and Mastercard are taken";
  }
  const last = Date.UTC(year, month, 1);
  return Number.isInteger(month) && month >= 1 && month <= 12 && last > today.getTime() ? undefined : "the card has expired";
}

/** The check digit: every second digit from the right counts twice. */
function luhn(digits: string): boolean {
  const sum = Array.from(digits, Number)
    .reverse()
    .map((digit, i) => (i % 2 === 0 ? digit : digit * 2 - (digit > 4 ? 9 : 0)))
    .reduce((a, b) => a + b, 0);
  return sum % 10 === 0;
}
