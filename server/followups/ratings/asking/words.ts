/** What customers read of being asked, in their languages. */
import type { Language } from "./language.ts";

/** The message with the link, short enough for an SMS. */
export const MESSAGE: Readonly<Record<Language, (link: string) => string>> = {
  ru: (link) => `Оцените, пожалуйста, наш разговор от 0 до 10: ${link}`,
  uk: (link) => `Оцініть, будь ласка, нашу розмову від 0 до 10: ${link}`,
  en: (link) => `Please rate our call from 0 to 10: ${link}`,
};

/** The page behind the link. */
export type PageWords = {
  readonly title: string;
  readonly question: string;
  readonly least: string;
  readonly most: string;
  readonly comment: string;
  readonly send: string;
  readonly thanks: string;
  /** With the answer that stays. */
  readonly answered: (score: number) => string;
  readonly close: string;
  readonly missing: string;
  readonly gone: string;
  readonly goneWhy: string;
  readonly tooMany: string;
  readonly later: string;
  readonly broken: string;
};

export const PAGE: Readonly<Record<Language, PageWords>> = {
  ru: {
    title: "Оценка разговора",
    question: "Насколько вероятно, что вы порекомендуете нас друзьям?",
    least: "0 — точно нет",
    most: "10 — точно да",
    comment: "Хотите что-то добавить? (необязательно)",
    send: "Отправить",
    thanks: "Спасибо!",
    answered: (score) => `Ваша оценка — ${score}. Она сохранена.`,
    close: "Страницу можно закрыть.",
    missing: "Выберите оценку от 0 до 10.",
    gone: "Ссылка больше не действует",
    goneWhy: "Ссылки действуют 30 дней. Возможно, она скопирована не полностью.",
    tooMany: "Слишком много запросов",
    later: "Подождите минуту и попробуйте ещё раз.",
    broken: "Не получилось сохранить",
  },
  uk: {
    title: "Оцінка розмови",
    question: "Наскільки ймовірно, що ви порадите нас друзям?",
    least: "0 — точно ні",
    most: "10 — точно так",
    comment: "Бажаєте щось додати? (необов’язково)",
    send: "Надіслати",
    thanks: "Дякуємо!",
    answered: (score) => `Ваша оцінка — ${score}. Її збережено.`,
    close: "Сторінку можна закрити.",
    missing: "Оберіть оцінку від 0 до 10.",
    gone: "Посилання більше не діє",
    goneWhy: "Посилання діють 30 днів. Можливо, його скопійовано не повністю.",
    tooMany: "Забагато запитів",
    later: "Зачекайте хвилину і спробуйте ще раз.",
    broken: "Не вдалося зберегти",
  },
  en: {
    title: "Rate our call",
    question: "How likely are you to recommend us to your friends?",
    least: "0 — not at all",
    most: "10 — certainly",
    comment: "Anything to add? (optional)",
    send: "Send",
    thanks: "Thank you!",
    answered: (score) => `Your answer is ${score}. It is kept.`,
    close: "You can close this page.",
    missing: "Choose a number from 0 to 10.",
    gone: "This link is not valid any more",
    goneWhy: "Links are valid for 30 days. It may also have been copied in part.",
    tooMany: "Too many requests",
    later: "Wait a minute and try again.",
    broken: "It could not be saved",
  },
};
