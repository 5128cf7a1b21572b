/** Which letters a machine wrote: they are kept, and never become a claim, so that two machines cannot write to each other through us. */

/**
 * @param header text of a header by its name in small letters, "" for none. RFC 3834 and what senders do beside it.
 */
export function isWrittenByMachine(header: (name: string) => string): boolean {
  const submitted = header("auto-submitted").trim().toLowerCase();
  if (submitted !== "" && !submitted.startsWith("no")) return true;
  if (/^\s*(bulk|junk|list|auto_reply|auto-reply)\b/i.test(header("precedence"))) return true;
  if (header("x-autoreply") !== "" || header("x-autorespond") !== "") return true;
  if (header("list-id") !== "" || header("list-unsubscribe") !== "") return true;
  // A report of non-delivery comes from nobody.
  if (header("return-path").trim() === "<>") return true;
  if (/^multipart\/report\b/i.test(header("content-type").trim())) return true;
  return /(^|<|\s)(mailer-daemon|postmaster|no-?reply)@/i.test(header("from"));
}
