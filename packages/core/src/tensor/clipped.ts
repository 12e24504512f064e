/** Characters of a text that a message quotes. */
const MOST = 240;

/** A text for a message: what is too long for one is cut, and says so. */
export function clipped(text: string): string {
  return text.length <= MOST ? text : `${text.slice(0, MOST)}... (${text.length} characters)`;
}
