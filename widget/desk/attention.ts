/** Calling the eye from outside the page: the document's title and, if allowed, a notification of the system. */

/** What to show while a call rings. */
export type Attention = { readonly key: string; readonly title: string; readonly body: string };

type Permission = "ask" | "granted" | "unavailable";

/** Costs the browser milliseconds (it asks another process), so it is not for every frame. */
function readPermission(): Permission {
  if (typeof Notification === "undefined" || Notification.permission === "denied")
    return "unavailable";
  return Notification.permission === "granted" ? "granted" : "ask";
}

export class AttentionCaller {
  #shown: Attention | null = null;
  #timer: ReturnType<typeof setInterval> | null = null;
  #ownTitle = "";
  #pageTitle = "";
  #notification: Notification | null = null;
  #permission = readPermission();

  /** Shows it, or with null takes everything back. */
  set(attention: Attention | null): void {
    if (attention?.key === this.#shown?.key && attention?.title === this.#shown?.title) return;
    const sameCall = attention?.key === this.#shown?.key;
    this.#shown = attention;
    if (!attention) {
      this.#restore();
      return;
    }
    if (!this.#timer) {
      this.#pageTitle = document.title;
      this.#timer = setInterval(() => this.#blink(), 1000);
    }
    this.#writeTitle(attention.title);
    if (!sameCall && !document.hasFocus()) this.#notify(attention);
  }

  /** Whether the person can still be asked, has agreed, or cannot be notified; as of the start or the last {@link ask}. */
  get permission(): Permission {
    return this.#permission;
  }

  async ask(): Promise<void> {
    if (typeof Notification !== "undefined") await Notification.requestPermission();
    this.#permission = readPermission();
  }

  close(): void {
    this.#shown = null;
    this.#restore();
  }

  #blink(): void {
    if (!this.#shown) return;
    // The host page set another title meanwhile: that is the one to go back to.
    if (document.title !== this.#ownTitle && document.title !== this.#pageTitle)
      this.#pageTitle = document.title;
    if (document.title === this.#ownTitle) document.title = this.#pageTitle;
    else this.#writeTitle(this.#shown.title);
  }

  #writeTitle(title: string): void {
    document.title = title;
    // The browser trims and joins white space; what it kept is what we will find again.
    this.#ownTitle = document.title;
  }

  #restore(): void {
    if (this.#timer) {
      clearInterval(this.#timer);
      this.#timer = null;
      if (document.title === this.#ownTitle) document.title = this.#pageTitle;
    }
    this.#notification?.close();
    this.#notification = null;
  }

  #notify(attention: Attention): void {
    if (this.permission !== "granted") return;
    try {
      this.#notification?.close();
      this.#notification = new Notification(attention.title, {
        body: attention.body,
        tag: `callcard ${attention.key}`,
      });
      this.#notification.addEventListener("click", () => window.focus());
    } catch {
      // Some mobile browsers allow them only from a service worker; the title and the sound are there.
    }
  }
}
