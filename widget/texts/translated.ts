/** The same keys in another language: a text for a text, plural forms for plural forms. */
export type Translated<T> = {
  readonly [K in keyof T]: T[K] extends string
    ? string
    : { readonly other: string } & { readonly [F in Intl.LDMLPluralRule]?: string };
};
