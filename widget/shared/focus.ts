/** Focus through shadow roots. */

/** The element that really has the focus, however deep. */
export function deepActiveElement(): Element | null {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  return active;
}

/** True for an element that takes typed characters. */
export function isTypingInto(element: EventTarget | null | undefined): boolean {
  if (element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement) return true;
  if (element instanceof HTMLInputElement)
    return !["radio", "checkbox", "button", "submit", "range"].includes(element.type);
  return element instanceof HTMLElement && element.isContentEditable;
}

/** Puts the cursor into a field unless the person is somewhere already (in a host page they usually are). */
export function focusIfFree(field: HTMLElement | null): void {
  if (document.activeElement === document.body || document.activeElement === null) field?.focus();
}
