import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { LoginResult } from "../desk/session.ts";
import { entryFormStyles } from "../shared/entry-form.ts";
import { focusIfFree } from "../shared/focus.ts";
import { formText } from "../shared/form.ts";
import { icon } from "../shared/icons.ts";
import type { Locale } from "../shared/locale.ts";
import { base } from "../shared/styles.ts";

/**
 * `<callcard-login>`: name and password.
 *
 * Properties: `locale`, `notice` (why the person is here again), `send` (tries a login).
 */
export class CallcardLogin extends LitElement {
  static override properties = {
    locale: { attribute: false },
    notice: { attribute: false },
    send: { attribute: false },
    busy: { state: true },
    result: { state: true },
  };

  static override styles = [
    base,
    entryFormStyles,
    css`
      form {
        width: min(360px, 100%);
      }
      .mark {
        width: 44px;
        height: 44px;
        border-radius: 13px;
        background: var(--accent);
        color: var(--on-accent);
        display: grid;
        place-items: center;
        margin-bottom: 20px;
      }
      .mark svg.i {
        width: 24px;
        height: 24px;
      }
      input {
        min-height: 44px;
      }
      .btn {
        font-size: 15px;
        margin-top: 4px;
      }
    `,
  ];

  declare locale: Locale;
  declare notice: "" | "unreachable" | "loggedOut" | "deactivated";
  declare send: (login: string, password: string) => Promise<LoginResult>;
  declare busy: boolean;
  declare result: LoginResult | null;

  constructor() {
    super();
    this.notice = "";
    this.busy = false;
    this.result = null;
  }

  override render(): TemplateResult {
    const { t } = this.locale;
    const problem = this.#problem();
    return html`<form @submit=${this.#submit} novalidate>
      <div>
        <div class="mark">${icon("incoming")}</div>
        <h1>${t("loginTitle")}</h1>
        <p class="lead">${t("loginLead")}</p>
      </div>
      ${
        this.notice === "" || this.result
          ? nothing
          : html`<p class="notice calm">${t(`login_${this.notice}`)}</p>`
      }
      <label class="field"
        >${t("loginName")}
        <input
          name="login"
          autocomplete="username"
          autocapitalize="none"
          spellcheck="false"
          required
          maxlength="100"
        />
      </label>
      <label class="field"
        >${t("loginPassword")}
        <input
          name="password"
          type="password"
          autocomplete="current-password"
          required
          maxlength="200"
        />
      </label>
      <button class="btn primary" type="submit" aria-disabled=${this.busy}>
        ${this.busy ? t("loginBusy") : t("loginButton")}
      </button>
      <div class="problem" role="alert">
        ${problem ? html`<p class="notice bad">${icon("warning")}<span>${problem}</span></p>` : nothing}
      </div>
    </form>`;
  }

  override firstUpdated(): void {
    focusIfFree(this.renderRoot.querySelector("input"));
  }

  #problem(): string {
    const { t, count } = this.locale;
    const { result } = this;
    if (!result || result.ok) return "";
    if (result.code === "tooManyAttempts") return count("login_tooMany", result.retryAfterSeconds);
    return t(`login_${result.code}`);
  }

  #submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (this.busy) return;
    const form = event.target as HTMLFormElement;
    const login = formText(form, "login");
    const password = form.querySelector<HTMLInputElement>("[name=password]")?.value ?? "";
    if (!login || !password) {
      form.querySelector<HTMLInputElement>(`[name=${login ? "password" : "login"}]`)?.focus();
      return;
    }
    this.busy = true;
    this.result = await this.send(login, password);
    this.busy = false;
    if (!this.result.ok && this.result.code === "badLogin") {
      form.querySelector<HTMLInputElement>("[name=password]")?.select();
    }
  };
}
